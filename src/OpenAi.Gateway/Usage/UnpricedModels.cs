using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>Warns once of each model without a price, and of a hundred models at most.</summary>
internal sealed class UnpricedModels(ModelPrices prices, ILogger logger)
{
    private readonly BoundedNames _warned = new(most: 100);

    public void Warn(UsageRecord record)
    {
        // An app without any price has not asked what its calls cost.
        if (!prices.IsEmpty && (record.AnsweredModel ?? record.SentModel) is { } model && !_warned.Contains(model) && _warned.TryAdd(model))
        {
            UsageLog.NoPrice(logger, ModelName.Clean(model), ModelName.Clean(record.ServiceTier ?? "default"));
        }
    }
}
