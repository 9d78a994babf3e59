using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>Warns once of each model without a price, and of a limited number of them: names can be made up.</summary>
internal sealed class UnpricedModels(ModelPrices prices, ILogger logger)
{
    private const int MaxNames = 100;

    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);
    private int _count;

    public void Warn(UsageRecord record)
    {
        // An app without any price has not asked what its calls cost.
        if (prices.IsEmpty || (record.AnsweredModel ?? record.SentModel) is not { } model
            || Volatile.Read(ref _count) >= MaxNames || _names.ContainsKey(model))
        {
            return;
        }

        if (Interlocked.Increment(ref _count) <= MaxNames && _names.TryAdd(model, true))
        {
            UsageLog.NoPrice(logger, ModelName.Clean(model), ModelName.Clean(record.ServiceTier ?? "default"));
        }
    }
}
