namespace OpenAi.Gateway;

/// <summary>What happens to an answer on its way through the cache.</summary>
internal enum TeeMode
{
    /// <summary>It goes to the client and is not stored.</summary>
    Pass,

    /// <summary>It goes to the client, and is remembered to be stored.</summary>
    Remember,

    /// <summary>It does not reach the client: a stored answer goes in its place.</summary>
    HoldBack,
}
