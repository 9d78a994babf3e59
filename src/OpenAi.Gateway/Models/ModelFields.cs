using System.Numerics;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>The fields of a request that the gateway acts on: their names, and what may stand in them.</summary>
internal static class ModelFields
{
    /// <summary>What a field that names further models must hold.</summary>
    public const string NamesOfModels = "a list of names of models";

    public const string MaxTokens = "max_tokens";

    public const string MaxCompletionTokens = "max_completion_tokens";

    /// <summary>In the order of <see cref="ModelField"/>.</summary>
    public static readonly string[] Names =
    [
        "model", "stream", "stream_options", MaxTokens, MaxCompletionTokens, "max_output_tokens", "n", "best_of", "prompt", "input",
        "service_tier", "background", "models", "fallbacks",
    ];

    private static readonly int Longest = Names.Max(name => name.Length);
    private static readonly bool[] Lengths = [.. Enumerable.Range(0, Longest + 1).Select(length => Names.Any(name => name.Length == length))];

    public static string NameOf(ModelField field) => Names[BitOperations.Log2((uint)field)];

    /// <summary>The field with the name at which a reader stands.</summary>
    public static ModelField Of(in Utf8JsonReader name) => name.ValueTextEquals("model"u8) ? ModelField.Model
        : name.ValueTextEquals("stream"u8) ? ModelField.Stream
        : name.ValueTextEquals("stream_options"u8) ? ModelField.StreamOptions
        : name.ValueTextEquals("max_tokens"u8) ? ModelField.MaxTokens
        : name.ValueTextEquals("max_completion_tokens"u8) ? ModelField.MaxCompletionTokens
        : name.ValueTextEquals("max_output_tokens"u8) ? ModelField.MaxOutputTokens
        : name.ValueTextEquals("n"u8) ? ModelField.N
        : name.ValueTextEquals("best_of"u8) ? ModelField.BestOf
        : name.ValueTextEquals("prompt"u8) ? ModelField.Prompt
        : name.ValueTextEquals("input"u8) ? ModelField.Input
        : name.ValueTextEquals("service_tier"u8) ? ModelField.ServiceTier
        : name.ValueTextEquals("background"u8) ? ModelField.Background
        : name.ValueTextEquals("models"u8) ? ModelField.Models
        : name.ValueTextEquals("fallbacks"u8) ? ModelField.Fallbacks
        : ModelField.None;

    /// <summary>Whether a name can be one of a field, or look like one: most are told apart by their length.</summary>
    public static bool MayBeOne(in Utf8JsonReader name)
    {
        var text = name.ValueSpan;
        return name.ValueIsEscaped || (text.Length <= Longest && Lengths[text.Length]) || !Ascii.IsValid(text);
    }

    /// <summary>
    /// Whether a name is one of a field but for the case of its letters: some servers, such as those written in Go, read it as the field all the
    /// same.
    /// </summary>
    public static bool LooksLikeOne(in Utf8JsonReader name)
    {
        // No name is longer when each of its letters is escaped.
        if (name.ValueSpan.Length > Longest * JsonSearch.LongestEscape)
        {
            return false;
        }

        Span<char> buffer = stackalloc char[Longest * JsonSearch.LongestEscape];
        var text = buffer[..name.CopyString(buffer)];

        // Two letters outside ASCII, the long s and the Kelvin sign, fold to s and k.
        text.Replace('\u017F', 's');
        text.Replace('\u212A', 'k');
        foreach (var known in Names)
        {
            if (text.Equals(known, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// What a field should hold, when it holds something else that another reader may take for that: "5", 5.0, 1e3, "true". <see langword="null"/> when
    /// its value is right, or none.
    /// </summary>
    /// <param name="field">The field.</param>
    /// <param name="value">A reader that stands at its value.</param>
    /// <param name="operation">What is asked for.</param>
    public static string? Expected(ModelField field, ref Utf8JsonReader value, ModelOperation operation) => field switch
    {
        _ when value.TokenType == JsonTokenType.Null => null,
        ModelField.Model when value.TokenType != JsonTokenType.String => "a text",
        ModelField.Models or ModelField.Fallbacks when value.TokenType != JsonTokenType.StartArray => NamesOfModels,
        ModelField.Stream or ModelField.Background when value.TokenType is not (JsonTokenType.True or JsonTokenType.False) => "true or false",
        ModelField.N or ModelField.BestOf when value.TokenType != JsonTokenType.Number || !value.TryGetInt32(out _) => "a whole number",
        ModelField.MaxTokens or ModelField.MaxCompletionTokens or ModelField.MaxOutputTokens
            when Least(field, operation) is var least && (!TryGetTokens(ref value, out var tokens) || tokens < least) => $"a whole number, {least} or more",
        _ => null,
    };

    /// <summary>Reads a number of tokens; <see langword="false"/> when the value is no whole number, or negative.</summary>
    public static bool TryGetTokens(ref Utf8JsonReader value, out long tokens)
    {
        tokens = 0;
        return value.TokenType == JsonTokenType.Number && value.TryGetInt64(out tokens) && tokens >= 0;
    }

    // No chat has an answer of nothing, and some servers take 0 for no maximum at all. Legacy completions may ask for their echo alone.
    private static int Least(ModelField field, ModelOperation operation) =>
        operation.DeclaresMaximum(field) && operation != ModelOperation.Completions ? 1 : 0;
}
