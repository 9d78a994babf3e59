using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>"Answer again from the cache", as written on the app, a group or a route.</summary>
internal sealed class ProxyCachePolicy(Reloadable<ProxyCachePolicy.Compiled> cache, string name) : GatewayPolicy
{
    private bool _isAttached;

    public Compiled Cache => cache.Value;

    public static ProxyCachePolicy From(Action<ProxyCacheOptions> configure)
    {
        var options = new ProxyCacheOptions();
        configure(options);
        const string name = "UseProxyCache";
        return new ProxyCachePolicy(new(new Compiled(OptionsCheck.Valid(name, options, ProxyCacheOptionsValidator.Instance))), name);
    }

    public static ProxyCachePolicy Following(IConfiguration section) =>
        new(new(section, () => Load(section)), OptionsCheck.PathOf(section));

    public static ProxyCachePolicy Once(IConfiguration section) => new(new(Load(section)), OptionsCheck.PathOf(section));

    public override void Attach(GatewayServices services)
    {
        if (_isAttached)
        {
            return;
        }

        _isAttached = true;
        cache.Attach(services, ProxyCacheLog.Category);
        var logger = services.Loggers.CreateLogger(ProxyCacheLog.Category);
        if (!Cache.Key.IncludesBody)
        {
            ProxyCacheLog.KeyWithoutBody(logger, name);
        }

        if (!Cache.Key.IncludesConsumer)
        {
            ProxyCacheLog.KeyWithoutConsumer(logger, name);
        }
    }

    private static Compiled Load(IConfiguration section)
    {
        // The binder adds to lists; written in configuration, they replace the defaults.
        var options = new ProxyCacheOptions { Methods = [], HttpStatus = [] };
        SectionShape.Check<ProxyCacheOptions>(section);
        section.Bind(options, OptionsCheck.Strict);
        var defaults = new ProxyCacheOptions();
        options.Methods = options.Methods is { Count: > 0 } methods ? methods : defaults.Methods;
        options.HttpStatus = options.HttpStatus is { Count: > 0 } statuses ? statuses : defaults.HttpStatus;
        return new Compiled(OptionsCheck.Valid(OptionsCheck.PathOf(section), options, ProxyCacheOptionsValidator.Instance));
    }

    /// <summary>A cache's options, ready for use.</summary>
    internal sealed class Compiled(ProxyCacheOptions options)
    {
        // How long an answer is still known after its time, so that EXPIRED can be told from MISS.
        private static readonly TimeSpan LongestMemory = TimeSpan.FromMinutes(10);

        private readonly VariableTemplate[] _bypass = [.. options.Bypass.Select(VariableTemplate.Parse)];
        private readonly VariableTemplate[] _noStore = [.. options.NoStore.Select(VariableTemplate.Parse)];

        public ProxyCacheOptions Options => options;

        public CacheKeyTemplate Key { get; } = new(options.Key);

        public string[] Methods { get; } = [.. options.Methods.Select(HttpMethods.GetCanonicalizedValue)];

        public bool IsBypassed(GatewayRequest request) => IsAnyTrue(_bypass, request) || options.BypassCondition?.Invoke(request.Context) == true;

        public bool IsNotStored(GatewayRequest request) => IsAnyTrue(_noStore, request) || options.NoStoreCondition?.Invoke(request.Context) == true;

        public TimeSpan KeepFor(TimeSpan freshFor) => freshFor + options.StaleIfError + (freshFor < LongestMemory ? freshFor : LongestMemory);

        private static bool IsAnyTrue(VariableTemplate[] templates, GatewayRequest request)
        {
            foreach (var template in templates)
            {
                if (template.Format(request) is not (null or "" or "0"))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
