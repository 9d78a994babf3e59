namespace OpenAi.Gateway;

/// <summary>The prices of models, unchangeable.</summary>
internal sealed class PriceTable
{
    private readonly Dictionary<string, ModelPrice> _prices;
    private readonly Dictionary<string, ModelPrice>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

    public PriceTable(OpenAiUsageOptions options)
    {
        _prices = options.Prices.ToDictionary(pair => pair.Key, pair => new ModelPrice(pair.Value), StringComparer.Ordinal);
        _bySpan = _prices.GetAlternateLookup<ReadOnlySpan<char>>();
        Currency = options.Currency;
    }

    public string Currency { get; }

    public bool IsEmpty => _prices.Count == 0;

    public bool Has(string model) => _prices.ContainsKey(model);

    /// <summary>The price of a model, by its whole name or by the one without a date at its end.</summary>
    public ModelPrice? Find(string? model)
    {
        if (model is null || IsEmpty)
        {
            return null;
        }

        if (_prices.TryGetValue(model, out var price))
        {
            return price;
        }

        var undated = WithoutDate(model);
        return undated.Length < model.Length && _bySpan.TryGetValue(undated, out price) ? price : null;
    }

    private static ReadOnlySpan<char> WithoutDate(ReadOnlySpan<char> model)
    {
        const string WithDashes = "-yyyy-mm-dd";
        const string Compact = "-yyyymmdd";
        return IsDate(model, WithDashes) ? model[..^WithDashes.Length] : IsDate(model, Compact) ? model[..^Compact.Length] : model;
    }

    private static bool IsDate(ReadOnlySpan<char> model, string form)
    {
        if (model.Length <= form.Length)
        {
            return false;
        }

        var end = model[^form.Length..];
        for (var i = 0; i < form.Length; i++)
        {
            if (form[i] == '-' ? end[i] != '-' : !char.IsAsciiDigit(end[i]))
            {
                return false;
            }
        }

        return true;
    }
}
