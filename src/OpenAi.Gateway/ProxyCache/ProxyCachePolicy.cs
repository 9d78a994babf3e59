using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>"Answer again from the cache", as written on the app, a group or a route.</summary>
internal sealed class ProxyCachePolicy(Reloadable<ProxyCachePolicy.Compiled> cache, string name) : GatewayPolicy
{
    private const string Method = "UseProxyCache";

    private static readonly PolicyLoader<ProxyCacheOptions, Compiled> Loader = new(
        Method, "cache", ProxyCacheOptionsValidator.Instance, Bind, static (options, _) => new Compiled(options));

    private bool _isAttached;

    public Compiled Cache => cache.Value;

    public static ProxyCachePolicy From(Action<ProxyCacheOptions> configure) => new(Loader.From(configure), Method);

    public static ProxyCachePolicy Following(IConfiguration section) => new(Loader.Following(section), OptionsCheck.PathOf(section));

    public static ProxyCachePolicy Once(IConfigurationSection section) => new(Loader.Once(section), section.Path);

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

    // The binder adds to lists, but one that is written in configuration replaces the default.
    private static void Bind(IConfiguration section, ProxyCacheOptions options)
    {
        var (methods, statuses) = (options.Methods, options.HttpStatus);
        (options.Methods, options.HttpStatus) = ([], []);
        SectionShape.Check<ProxyCacheOptions>(section);
        section.Bind(options, OptionsCheck.Strict);
        options.Methods = options.Methods is { Count: > 0 } ? options.Methods : methods;
        options.HttpStatus = options.HttpStatus is { Count: > 0 } ? options.HttpStatus : statuses;
    }

    /// <summary>A cache's options, ready for use.</summary>
    internal sealed class Compiled(ProxyCacheOptions options)
    {
        // The longest that an answer is kept past its time only to tell EXPIRED from MISS.
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
