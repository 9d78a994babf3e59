namespace OpenAi.Gateway;

/// <summary>What the cache did with a request, in nginx' words.</summary>
public enum CacheStatus
{
    /// <summary>Nothing was stored; the upstream answered.</summary>
    Miss,

    /// <summary>The stored answer was sent.</summary>
    Hit,

    /// <summary>An answer was stored but its time had passed; the upstream answered.</summary>
    Expired,

    /// <summary>The upstream failed; a stored answer past its time was sent.</summary>
    Stale,

    /// <summary>The cache was left out: the method, a condition, a caller without a name, the size of the request or what it is about excludes it.</summary>
    Bypass,
}
