using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>A bridge's options, ready for use.</summary>
internal sealed class CompletionBridge
{
    private readonly Dictionary<string, BridgeTarget> _models = new(StringComparer.Ordinal);
    private readonly BridgeTarget _others;

    private CompletionBridge(CompletionBridgeOptions options)
    {
        Options = options;
        _others = new BridgeTarget(new CompletionBridgeModelOptions { Model = options.DefaultModel ?? "" });
        foreach (var (key, model) in options.Models)
        {
            _models.Add(model.Name ?? key, new BridgeTarget(model));
        }
    }

    public CompletionBridgeOptions Options { get; }

    public static CompletionBridge From(Action<CompletionBridgeOptions> configure)
    {
        var options = new CompletionBridgeOptions();
        configure(options);
        return new CompletionBridge(OptionsCheck.Valid("BridgeCompletions", options, CompletionBridgeOptionsValidator.Instance));
    }

    public static CompletionBridge From(IConfiguration section)
    {
        var options = new CompletionBridgeOptions();
        var fields = section.GetSection(nameof(options.Models)).GetChildren()
            .SelectMany(model => model.GetSection(nameof(CompletionBridgeModelOptions.Set)).GetChildren());
        if (fields.FirstOrDefault(field => field.GetChildren().Any()) is { } nested)
        {
            // The binder would pass over it without a word.
            throw new InvalidOperationException($"{nested.Path} is an object or a list. Write it as JSON text, for example \"{{\\\"a\\\": 1}}\".");
        }

        SectionShape.Check<CompletionBridgeOptions>(section);
        SectionShape.CheckEach<CompletionBridgeModelOptions>(section.GetSection(nameof(options.Models)));
        section.Bind(options, OptionsCheck.Strict);
        return new CompletionBridge(OptionsCheck.Valid(OptionsCheck.PathOf(section), options, CompletionBridgeOptionsValidator.Instance));
    }

    /// <summary>Who answers for a model.</summary>
    public BridgeTarget TargetOf(string model) => _models.GetValueOrDefault(model, _others);
}
