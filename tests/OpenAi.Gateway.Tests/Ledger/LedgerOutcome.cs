using System.Text;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What a client saw of its call.</summary>
/// <param name="Call">The call.</param>
/// <param name="Status">The status; 0 when there was no answer.</param>
/// <param name="CacheStatus">What the gateway says of its cache.</param>
/// <param name="Body">The bytes that came.</param>
/// <param name="End">How they ended.</param>
internal sealed record LedgerOutcome(LedgerCall Call, int Status, string? CacheStatus, byte[] Body, LedgerEnd End)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public bool IsWhole => End == LedgerEnd.Whole;

    public override string ToString() => $"{Call} saw {Status} {CacheStatus} {End} after {Body.Length} bytes: {Text[..Math.Min(Text.Length, 300)]} … {Text[^Math.Min(Text.Length, 300)..]}";
}
