using System.Collections.Frozen;
using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>Which models may be asked for, as written on the app, a group or a route.</summary>
internal sealed class ModelsPolicy(Reloadable<ModelsPolicy.Compiled> models) : GatewayPolicy
{
    private static readonly PolicyLoader<ModelsOptions, Compiled> Loader = new(
        "UseModels",
        "models",
        ModelsOptionsValidator.Instance,
        static (section, options) =>
        {
            OptionsCheck.NoColons(section.GetSection(nameof(options.Aliases)), "UseModels(models => models.Aliases");
            SectionShape.Check<ModelsOptions>(section);
            section.Bind(options, OptionsCheck.Strict);
        },
        static (options, _) => new Compiled(options));

    public Compiled Models => models.Value;

    public static ModelsPolicy From(Action<ModelsOptions> configure) => new(Loader.From(configure));

    public static ModelsPolicy Following(IConfiguration section) => new(Loader.Following(section));

    public static ModelsPolicy Once(IConfigurationSection section) => new(Loader.Once(section));

    public override void Attach(GatewayServices services) => models.Attach(services, "OpenAi.Gateway.Models");

    /// <summary>A policy's options, ready for use.</summary>
    internal sealed class Compiled(ModelsOptions options)
    {
        public FrozenDictionary<string, string> Aliases { get; } = options.Aliases.ToFrozenDictionary(StringComparer.Ordinal);

        public ModelNames? Allowed { get; } = options.AllowedModels is { } names ? new ModelNames(names) : null;

        public long? MaxOutputTokens => options.MaxOutputTokens;

        public int MaxJsonDepth => options.MaxJsonDepth;
    }
}
