namespace OpenAi.Gateway;

/// <summary>How a call ended, as far as its tokens are concerned.</summary>
public enum UsageEnding
{
    /// <summary>The client got the whole answer of the upstream.</summary>
    Ok,

    /// <summary>The gateway itself refused the call; no upstream was asked.</summary>
    Rejected,

    /// <summary>The answer came from the cache.</summary>
    CacheHit,

    /// <summary>The answer is that of an identical call in flight, which is charged for it.</summary>
    Follower,

    /// <summary>The upstream answered with an error status, or told an error in its answer.</summary>
    UpstreamError,

    /// <summary>No upstream could be reached, or it broke off before or within its answer, or code of the app broke the answer off by an exception.</summary>
    UpstreamCut,

    /// <summary>A time ran out: for the answer's first byte, or for its next one.</summary>
    Timeout,

    /// <summary>The client left before anything of the answer had come.</summary>
    ClientLeftBeforeFirstToken,

    /// <summary>The client left while the answer was coming.</summary>
    ClientLeftAfterFirstToken,

    /// <summary>The app stopped, and its time for open calls ran out before the answer's end.</summary>
    Shutdown,
}
