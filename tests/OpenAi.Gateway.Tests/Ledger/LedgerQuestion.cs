using System.Globalization;
using System.Text.Json;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What a request asks the model for. Two with the same values have the same bytes.</summary>
internal sealed record LedgerQuestion(ModelOperation Operation, string Model, int Seed, bool IsStream, bool AsksForUsage)
{
    /// <summary>How many prompts a legacy completion has.</summary>
    public int Prompts { get; init; } = 1;

    public string Path => Operation switch
    {
        ModelOperation.ChatCompletions => "chat/completions",
        ModelOperation.Completions => "completions",
        ModelOperation.Responses => "responses",
        _ => "embeddings",
    };

    public string ToJson()
    {
        var options = AsksForUsage ? ",\"stream_options\":{\"include_usage\":true}" : "";
        var stream = IsStream ? ",\"stream\":true" + options : "";
        var prompts = string.Join(',', Enumerable.Repeat("\"say it\"", Prompts));
        var input = Operation == ModelOperation.Completions ? $"\"prompt\":[{prompts}]" : "\"input\":\"say it\"";
        var max = Operation == ModelOperation.Embeddings ? "" : $",\"{Operation.MaxTokensField()}\":2000";
        return string.Create(CultureInfo.InvariantCulture, $$"""{"model":"{{Model}}","seed":{{Seed}}{{max}},{{input}}{{stream}}}""");
    }

    /// <summary>Reads what reached the stand-in, which the gateway may have changed.</summary>
    public static LedgerQuestion Read(string path, ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        var root = json.RootElement;
        var asksForUsage = root.TryGetProperty("stream_options", out var options) && options.TryGetProperty("include_usage", out var asked) && asked.GetBoolean();
        return new LedgerQuestion(
            ModelOperations.Of(path),
            root.GetProperty("model").GetString()!,
            root.GetProperty("seed").GetInt32(),
            root.TryGetProperty("stream", out var stream) && stream.GetBoolean(),
            asksForUsage);
    }
}
