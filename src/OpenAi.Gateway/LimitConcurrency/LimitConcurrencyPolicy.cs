using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>"So many requests at the same time", as written on the app, a group or a route.</summary>
internal sealed class LimitConcurrencyPolicy(Reloadable<LimitConcurrencyPolicy.Compiled> limit) : GatewayPolicy
{
    private static readonly PolicyLoader<LimitConcurrencyOptions, Compiled> Loader = new(
        "UseLimitConcurrency",
        "concurrency",
        LimitConcurrencyOptionsValidator.Instance,
        static (section, options) =>
        {
            SectionShape.Check<LimitConcurrencyOptions>(section);
            section.Bind(options, OptionsCheck.Strict);
        },
        static (options, name) => new Compiled(options, name));

    public Compiled Limit => limit.Value;

    public static LimitConcurrencyPolicy From(Action<LimitConcurrencyOptions> configure) => new(Loader.From(configure));

    public static LimitConcurrencyPolicy Following(IConfiguration section) => new(Loader.Following(section));

    public static LimitConcurrencyPolicy Once(IConfigurationSection section) => new(Loader.Once(section));

    public override void Attach(GatewayServices services) => limit.Attach(services, LimitCountLog.Category);

    /// <summary>A limit's options, ready for use.</summary>
    internal sealed class Compiled(LimitConcurrencyOptions options, string name)
    {
        private readonly LimitKeys _keys = new(options.KeySetting, name);

        public LimitConcurrencyOptions Options => options;

        public LimitKey KeyOf(GatewayRequest request) => _keys.KeyOf(request);
    }
}
