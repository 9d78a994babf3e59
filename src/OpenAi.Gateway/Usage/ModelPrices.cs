using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>The price table as it is now. A changed configuration is taken over whole or not at all.</summary>
internal sealed class ModelPrices : IDisposable
{
    private readonly IOptionsFactory<OpenAiUsageOptions> _factory;
    private readonly ILogger<ModelPrices> _logger;
    private readonly List<IDisposable> _subscriptions;
    private volatile PriceTable _table;

    /// <exception cref="OptionsValidationException">A price is wrong.</exception>
    public ModelPrices(
        IOptions<OpenAiUsageOptions> options,
        IOptionsFactory<OpenAiUsageOptions> factory,
        IEnumerable<IOptionsChangeTokenSource<OpenAiUsageOptions>> sources,
        ILogger<ModelPrices> logger)
    {
        _factory = factory;
        _logger = logger;
        _table = new PriceTable(options.Value);

        // Not IOptionsMonitor: it would throw a refused change at whoever reloads the configuration.
        _subscriptions = [.. sources.Select(source => ChangeToken.OnChange(source.GetChangeToken, Reload))];
    }

    /// <summary>The currency of all costs (ISO 4217). It stays the same while the app runs, so that sums make sense.</summary>
    public string Currency => _table.Currency;

    /// <summary>Whether no model has a price.</summary>
    public bool IsEmpty => _table.IsEmpty;

    /// <summary>Whether the table names exactly this model.</summary>
    public bool Has(string model) => _table.Has(model);

    /// <summary>The price of a model, by its whole name or by the one without a date at its end; <see langword="null"/> when it has none.</summary>
    public ModelPrice? Find(string? model) => _table.Find(model);

    /// <summary>
    /// What a call costs by the answered model's price, or, when that has none, by the price of the model that was asked for;
    /// <see langword="null"/> when neither has one in that tier. No tokens cost nothing.
    /// </summary>
    public decimal? Cost(in TokenUsage usage, string? answeredModel, string? sentModel, string? tier)
    {
        if (usage.Total == 0)
        {
            return 0;
        }

        var table = _table;
        return (table.Find(answeredModel) ?? table.Find(sentModel))?.In(tier)?.Cost(usage);
    }

    /// <summary>What several calls cost together, each by its own model; <see langword="null"/> when one of them has no price.</summary>
    public decimal? Cost(IReadOnlyList<CallUsage> calls)
    {
        decimal? sum = 0;
        foreach (var call in calls)
        {
            sum += Cost(call.Tokens, call.AnsweredModel, call.SentModel, call.ServiceTier);
        }

        return sum;
    }

    /// <summary>Takes over the prices as they are configured now, if they are right.</summary>
    public void Reload()
    {
        try
        {
            var changed = new PriceTable(_factory.Create(Options.DefaultName));
            if (changed.Currency != Currency)
            {
                throw new InvalidOperationException($"Currency cannot change from {Currency} to {changed.Currency} while the app runs. Restart it.");
            }

            _table = changed;
        }
        catch (Exception error)
        {
            UsageLog.PricesRefused(_logger, error.Message);
        }
    }

    public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());
}
