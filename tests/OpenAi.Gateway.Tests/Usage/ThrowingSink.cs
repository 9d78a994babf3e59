namespace OpenAi.Gateway.Tests.Usage;

internal sealed class ThrowingSink : UsageSink
{
    private int _calls;

    public int Calls => _calls;

    public override ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        throw new InvalidOperationException("no room");
    }
}
