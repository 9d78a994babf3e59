namespace OpenAi.Gateway;

/// <summary>How an answer's body ended.</summary>
internal enum PumpEnd
{
    /// <summary>The upstream sent all of it and the client took it.</summary>
    Complete,

    /// <summary>The upstream broke off.</summary>
    Broken,

    /// <summary>The upstream was silent for longer than the idle timeout.</summary>
    IdleTimeout,

    /// <summary>The client left.</summary>
    ClientGone,
}
