namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>How an answer ended for its client.</summary>
internal enum LedgerEnd
{
    Whole,

    Broken,

    /// <summary>The client left.</summary>
    Left,
}
