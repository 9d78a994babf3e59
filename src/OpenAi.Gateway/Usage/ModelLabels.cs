namespace OpenAi.Gateway;

/// <summary>
/// Names of models as labels of metrics. There are as many as the price table has, and the first hundred others that an upstream answered for; a
/// client that makes up names makes no labels.
/// </summary>
internal sealed class ModelLabels(ModelPrices prices)
{
    public const string Other = "_OTHER";

    private readonly BoundedNames _seen = new(most: 100);

    public string? Of(string? model, UsageRecord record)
    {
        if (model is null || prices.Has(model) || _seen.Contains(model))
        {
            return model;
        }

        // What no upstream knows, such as a misspelt or invented name, must not take the place of a model.
        var mayBeSeen = record.AnsweredModel is not null && ModelName.IsClean(model);
        return mayBeSeen && (_seen.TryAdd(model) || _seen.Contains(model)) ? model : Other;
    }
}
