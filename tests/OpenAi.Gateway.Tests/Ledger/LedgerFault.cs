namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What the stand-in does to one attempt.</summary>
internal enum LedgerFault
{
    /// <summary>It answers.</summary>
    None,

    /// <summary>It answers an error that may be tried again.</summary>
    Status,

    /// <summary>It resets the connection before the answer's head.</summary>
    ResetBeforeHead,

    /// <summary>It is silent until the gateway's time runs out, before the head.</summary>
    StallBeforeHead,

    /// <summary>It resets the connection within the answer.</summary>
    Reset,

    /// <summary>It closes the connection within the answer.</summary>
    Close,

    /// <summary>It falls silent within the answer until the gateway's time runs out.</summary>
    Stall,
}
