using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OpenAi.Gateway;

/// <summary>What the ledger itself measures, beside the conventions of <see cref="GenAiMetrics"/>.</summary>
internal sealed class UsageMetrics
{
    private readonly ListenerGuard _guard;
    private readonly ModelLabels _models;
    private readonly Counter<long> _dropped;
    private readonly Counter<double> _cost;

    public UsageMetrics(IMeterFactory meters, ListenerGuard guard, ModelLabels models)
    {
        var meter = meters.Create(GatewayMetrics.MeterName);
        _guard = guard;
        _models = models;
        _dropped = meter.CreateCounter<long>("openai_gateway.usage.dropped", "{record}", "Usage records that a sink did not get.");
        _cost = meter.CreateCounter<double>("openai_gateway.usage.cost", "{cost}", "What calls cost by the price table.");
    }

    /// <summary>Whether somebody wants to know what calls cost.</summary>
    public bool IsEnabled => _cost.Enabled;

    public void Dropped(int records, in KeyValuePair<string, object?> sink)
    {
        if (records > 0)
        {
            _guard.Add(_dropped, records, new TagList { sink });
        }
    }

    public void Recorded(UsageRecord record)
    {
        if (_cost.Enabled && record.Cost is { } cost and > 0)
        {
            _guard.Add(_cost, (double)cost, new TagList
            {
                { "gen_ai.response.model", _models.Of(record.AnsweredModel ?? record.SentModel, record) },
                { "openai_gateway.currency", record.Currency },
            });
        }
    }
}
