namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>The gateway's routes.</summary>
internal enum LedgerRoute
{
    Plain,

    /// <summary>Its upstream must not be asked for usage in the client's stead.</summary>
    Unasked,

    Cached,

    Limited,
}
