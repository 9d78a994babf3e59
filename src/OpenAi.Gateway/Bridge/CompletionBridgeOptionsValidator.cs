using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class CompletionBridgeOptionsValidator : IValidateOptions<CompletionBridgeOptions>
{
    public static readonly CompletionBridgeOptionsValidator Instance = new();
    private static readonly Annotations DataAnnotations = new();

    // The answer is put together from these, so the client's values must reach the upstream.
    private static readonly string[] NeverDropped = ["model", "messages", "n", "stream"];
    private static readonly string[] NeverSet = [.. NeverDropped, "stream_options", "logprobs", "top_logprobs"];

    public ValidateOptionsResult Validate(string? name, CompletionBridgeOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));
        if (options.DefaultModel is "")
        {
            result.AddError("is empty. Name a chat model, or leave it out.", nameof(options.DefaultModel));
        }

        if (!string.IsNullOrEmpty(options.Path) && (options.Path[0] != '/' || options.Path.AsSpan().ContainsAny(" ?#{}")))
        {
            result.AddError($"is '{options.Path}'. It must begin with '/' and be a plain path, such as \"/v1/chat/completions\".", nameof(options.Path));
        }

        if (options.ModelHeader is { } header && !HeaderRule.IsToken(header))
        {
            result.AddError($"'{header}' is not the name of a header.", nameof(options.ModelHeader));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, model) in options.Models)
        {
            var path = $"{nameof(options.Models)}:{key}";
            if (model is null)
            {
                result.AddError("is empty. Name the chat model that shall answer, or take it out.", path);
                continue;
            }

            Check(path, model, result);
            if (!names.Add(model.Name ?? key))
            {
                result.AddError($"answers for '{model.Name ?? key}', as another one does. Keep one of them.", path);
            }
        }

        return result.Build();
    }

    private static void Check(string path, CompletionBridgeModelOptions model, ValidateOptionsResultBuilder result)
    {
        if (string.IsNullOrEmpty(model.Model))
        {
            result.AddError("is missing. Name the chat model that shall answer.", $"{path}:{nameof(model.Model)}");
        }

        if (model.Name is "" || model.SystemMessage is "")
        {
            result.AddError("is empty. Give a value or leave it out.", $"{path}:{(model.Name is "" ? nameof(model.Name) : nameof(model.SystemMessage))}");
        }

        foreach (var (field, value) in model.Set)
        {
            if (NeverSet.Contains(field) || field.Length == 0)
            {
                result.AddError("cannot be set: the bridge itself writes this field.", $"{path}:{nameof(model.Set)}:{field}");
            }
            else if (value is null)
            {
                result.AddError("has no value. Give it as JSON text; \"null\" is JSON's null.", $"{path}:{nameof(model.Set)}:{field}");
            }
        }

        foreach (var field in model.Drop)
        {
            if (field == "max_tokens")
            {
                result.AddError("names 'max_tokens', which a chat request does not have. Drop 'max_completion_tokens'.", $"{path}:{nameof(model.Drop)}");
            }
            else if (NeverDropped.Contains(field) || string.IsNullOrEmpty(field))
            {
                result.AddError($"names '{field}', which cannot be left out: the answer depends on it.", $"{path}:{nameof(model.Drop)}");
            }
            else if (model.Set.ContainsKey(field))
            {
                result.AddError($"names '{field}', which is set as well. Keep one of the two.", $"{path}:{nameof(model.Drop)}");
            }
        }
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<CompletionBridgeOptions>;
}
