using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>"So many tokens in such a time", as written on the app, a group or a route.</summary>
internal sealed class LimitTokensPolicy(Reloadable<TokenLimit> limit) : SpendPolicy
{
    private static readonly PolicyLoader<LimitTokensOptions, TokenLimit> Loader = new(
        "UseLimitTokens",
        "tokens",
        LimitTokensOptionsValidator.Instance,
        static (section, options) =>
        {
            SectionShape.Check<LimitTokensOptions>(section);
            section.Bind(options, OptionsCheck.Strict);
        },
        static (options, name) => new TokenLimit(options, name));

    public override SpendLimit Limit => limit.Value;

    public static LimitTokensPolicy From(Action<LimitTokensOptions> configure) => new(Loader.From(configure));

    public static LimitTokensPolicy Following(IConfiguration section) => new(Loader.Following(section));

    public static LimitTokensPolicy Once(IConfigurationSection section) => new(Loader.Once(section));

    public override void Attach(GatewayServices services) => limit.Attach(services, LimitCountLog.Category);
}
