namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>The gateway's routes.</summary>
internal enum LedgerRoute
{
    Plain,

    /// <summary>Its upstream must not be asked for usage in the client's stead.</summary>
    Unasked,

    Cached,

    Limited,

    /// <summary>Its upstream has two fallbacks, and few retries to spend.</summary>
    Fallback,

    /// <summary>Legacy completions of several prompts, answered by chats.</summary>
    Bridged,
}
