using System.Collections.Concurrent;

namespace OpenAi.Gateway;

/// <summary>
/// Names of models as labels of metrics. There are as many as the price table has, and the first hundred others that an upstream answered for; a
/// client that makes up names makes no labels.
/// </summary>
internal sealed class ModelLabels(ModelPrices prices)
{
    public const string Other = "_OTHER";

    private const int MaxSeen = 100;

    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);
    private int _count;

    public string? Of(string? model, UsageRecord record)
    {
        if (model is null || prices.Has(model) || _seen.ContainsKey(model))
        {
            return model;
        }

        // What no upstream knows, such as a misspelt or invented name, must not take the place of a model.
        return record.AnsweredModel is not null && ModelName.IsClean(model) && TryAdd(model) ? model : Other;
    }

    private bool TryAdd(string model)
    {
        if (Volatile.Read(ref _count) >= MaxSeen)
        {
            return false;
        }

        lock (_seen)
        {
            if (_count >= MaxSeen)
            {
                return _seen.ContainsKey(model);
            }

            if (_seen.TryAdd(model, true))
            {
                _count++;
            }

            return true;
        }
    }
}
