using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>"Only these consumers", as written on the app, a group or a route.</summary>
internal sealed class BasicAuthPolicy(Reloadable<BasicAuthConsumersOptions> options) : GatewayPolicy
{
    private static readonly PolicyLoader<BasicAuthConsumersOptions, BasicAuthConsumersOptions> Loader = new(
        "UseBasicAuthConsumers",
        "consumers",
        BasicAuthConsumersOptionsValidator.Instance,
        static (section, options) =>
        {
            SectionShape.Check<BasicAuthConsumersOptions>(section);
            SectionShape.CheckEach<BasicAuthConsumerOptions>(section.GetSection(nameof(options.Consumers)));
            section.Bind(options, OptionsCheck.Strict);
        },
        static (options, _) => options);

    private volatile BasicAuthenticator? _authenticator;

    public static BasicAuthPolicy From(Action<BasicAuthConsumersOptions> configure) => new(Loader.From(configure));

    public static BasicAuthPolicy Following(IConfiguration section) => new(Loader.Following(section));

    public static BasicAuthPolicy Once(IConfigurationSection section) => new(Loader.Once(section));

    public override void Attach(GatewayServices services)
    {
        options.Attach(services, BasicAuthLog.Category);
        options.Check ??= changed => BasicAuthenticator.Create(changed, services);
        Authenticator(services);
    }

    /// <summary>The authenticator of the options as they are now; one for all endpoints of the policy.</summary>
    public BasicAuthenticator Authenticator(GatewayServices services)
    {
        var current = options.Value;
        var authenticator = _authenticator;
        if (authenticator is null || !ReferenceEquals(authenticator.Options, current))
        {
            _authenticator = authenticator = BasicAuthenticator.Create(current, services);
        }

        return authenticator;
    }
}
