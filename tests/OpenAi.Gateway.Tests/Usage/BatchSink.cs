using System.Threading.Channels;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>A sink that tells how many records each batch has.</summary>
internal sealed class BatchSink : UsageSink
{
    private readonly Channel<int> _batches = Channel.CreateUnbounded<int>();

    /// <summary>Waits for batches that have so many records together, or more; gives how many they have.</summary>
    public async Task<int> TakeAsync(int records)
    {
        var taken = 0;
        while (taken < records)
        {
            taken += await _batches.Reader.ReadAsync();
        }

        return taken;
    }

    public override async ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) =>
        await _batches.Writer.WriteAsync(records.Count, cancellationToken);
}
