using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>"So many requests in such a time", as written on the app, a group or a route.</summary>
internal sealed class LimitCountPolicy(Reloadable<LimitCountPolicy.Compiled> limit) : GatewayPolicy
{
    private static int _count;

    public Compiled Limit => limit.Value;

    public static LimitCountPolicy From(Action<LimitCountOptions> configure)
    {
        var options = new LimitCountOptions();
        configure(options);
        return new LimitCountPolicy(new(new Compiled(
            OptionsCheck.Valid("UseLimitCount", options, LimitCountOptionsValidator.Instance),
            NextName())));
    }

    public static LimitCountPolicy Following(IConfiguration section)
    {
        var name = NextName();
        return new LimitCountPolicy(new(section, () => Load(section, name)));
    }

    /// <remarks>The counter is named by the section's path, so that it lives on when the routes around it are made anew.</remarks>
    public static LimitCountPolicy Once(IConfigurationSection section) => new(new(Load(section, section.Path)));

    public override void Attach(GatewayServices services) => limit.Logger ??= services.Loggers.CreateLogger(LimitCountLog.Category);

    private static string NextName() => $"limit-{Interlocked.Increment(ref _count)}";

    private static Compiled Load(IConfiguration section, string name)
    {
        var options = new LimitCountOptions();
        section.Bind(options, OptionsCheck.Strict);
        return new Compiled(OptionsCheck.Valid(OptionsCheck.PathOf(section), options, LimitCountOptionsValidator.Instance), name);
    }

    /// <summary>A limit's options, ready for use.</summary>
    internal sealed class Compiled(LimitCountOptions options, string name)
    {
        private readonly string _name = options.Group is { } group ? "group:" + group : name;
        private readonly Func<HttpContext, string?>? _selector = LimitKeySelector.Create(options);

        public LimitCountOptions Options => options;

        // A value of one kind must not meet an equal one of another kind.
        private string ByKey => field ??= _name + ":key";

        private string ByConsumer => field ??= _name + ":consumer";

        private string ByAddress => field ??= _name + ":address";

        public LimitKey KeyOf(HttpContext context)
        {
            var (limit, value) = _selector is null
                ? (ByConsumer, RequestVariables.ConsumerName(context))
                : (ByKey, _selector(context));
            return string.IsNullOrWhiteSpace(value) ? new(ByAddress, RequestVariables.RemoteAddress(context)) : new(limit, value);
        }
    }
}
