using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>"So many requests in such a time", as written on the app, a group or a route.</summary>
internal sealed class LimitCountPolicy(Reloadable<LimitCountPolicy.Compiled> limit) : GatewayPolicy
{
    private static readonly PolicyLoader<LimitCountOptions, Compiled> Loader = new(
        "UseLimitCount",
        "limit",
        LimitCountOptionsValidator.Instance,
        static (section, options) =>
        {
            SectionShape.Check<LimitCountOptions>(section);
            section.Bind(options, OptionsCheck.Strict);
        },
        static (options, name) => new Compiled(options, name));

    public Compiled Limit => limit.Value;

    public static LimitCountPolicy From(Action<LimitCountOptions> configure) => new(Loader.From(configure));

    public static LimitCountPolicy Following(IConfiguration section) => new(Loader.Following(section));

    public static LimitCountPolicy Once(IConfigurationSection section) => new(Loader.Once(section));

    public override void Attach(GatewayServices services) => limit.Attach(services, LimitCountLog.Category);

    /// <summary>A limit's options, ready for use.</summary>
    internal sealed class Compiled(LimitCountOptions options, string name)
    {
        private readonly LimitKeys _keys = new(options.KeySetting, name);

        public LimitCountOptions Options => options;

        /// <summary>The value of <c>X-RateLimit-Limit</c>.</summary>
        public string CountText { get; } = RateLimitHeaders.Text(options.Count);

        public LimitKey KeyOf(GatewayRequest request) => _keys.KeyOf(request);
    }
}
