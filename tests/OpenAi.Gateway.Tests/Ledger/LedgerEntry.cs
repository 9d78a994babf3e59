namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What the stand-in itself wrote down of one attempt.</summary>
/// <param name="call">The name of the client's call.</param>
/// <param name="fault">What it does to it.</param>
internal sealed class LedgerEntry(string call, LedgerFault fault)
{
    private volatile bool _isServed;

    public string Call => call;

    public LedgerFault Fault => fault;

    /// <summary>What it charges: it does for an answer that it began, however that ended.</summary>
    public TokenUsage Charged { get; set; }

    /// <summary>Whether all of the answer went out, the usage in it.</summary>
    public bool HasServedUsage
    {
        get => _isServed;
        set => _isServed = value;
    }
}
