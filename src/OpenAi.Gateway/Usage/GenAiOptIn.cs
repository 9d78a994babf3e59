using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>OpenTelemetry's switch between vocabularies.</summary>
internal static class GenAiOptIn
{
    public const string Key = "OTEL_SEMCONV_STABILITY_OPT_IN";

    /// <summary>What the app's configuration says, which usually has the environment's variables; else what the environment says.</summary>
    public static GenAiVocabulary Read(IConfiguration? configuration) =>
        Parse(configuration?[Key] ?? Environment.GetEnvironmentVariable(Key));

    public static GenAiVocabulary Parse(string? list)
    {
        var words = (list ?? "").Split(',', StringSplitOptions.TrimEntries);
        return words.Contains("gen_ai_latest_experimental/dup") ? GenAiVocabulary.Old | GenAiVocabulary.Latest
            : words.Contains("gen_ai_latest_experimental") ? GenAiVocabulary.Latest
            : GenAiVocabulary.Old;
    }
}
