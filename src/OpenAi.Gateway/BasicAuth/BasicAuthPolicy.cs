using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>"Only these consumers", as written on the app, a group or a route.</summary>
internal sealed class BasicAuthPolicy(Reloadable<BasicAuthConsumersOptions> options) : GatewayPolicy
{
    private volatile BasicAuthenticator? _authenticator;

    public static BasicAuthPolicy From(Action<BasicAuthConsumersOptions> configure)
    {
        var options = new BasicAuthConsumersOptions();
        configure(options);
        return new BasicAuthPolicy(new(OptionsCheck.Valid("UseBasicAuthConsumers", options, BasicAuthConsumersOptionsValidator.Instance)));
    }

    public static BasicAuthPolicy Following(IConfiguration section) => new(new(section, () => Load(section)));

    public static BasicAuthPolicy Once(IConfiguration section) => new(new(Load(section)));

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

    private static BasicAuthConsumersOptions Load(IConfiguration section)
    {
        var options = new BasicAuthConsumersOptions();
        SectionShape.Check<BasicAuthConsumersOptions>(section);
        SectionShape.CheckEach<BasicAuthConsumerOptions>(section.GetSection(nameof(options.Consumers)));
        section.Bind(options, OptionsCheck.Strict);
        return OptionsCheck.Valid(OptionsCheck.PathOf(section), options, BasicAuthConsumersOptionsValidator.Instance);
    }
}
