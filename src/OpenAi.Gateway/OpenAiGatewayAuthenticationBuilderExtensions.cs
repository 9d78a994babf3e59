using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OpenAi.Gateway;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>The consumers as an authentication scheme.</summary>
public static class OpenAiGatewayAuthenticationBuilderExtensions
{
    /// <summary>
    /// Adds the scheme <see cref="BasicAuthConsumersDefaults.AuthenticationScheme"/>, for apps whose authorization policies decide who may call:
    /// <c>RequireAuthorization</c> then works with consumers. Routes that use it need no <c>UseBasicAuthConsumers</c>.
    /// </summary>
    /// <param name="builder">What <c>AddAuthentication</c> returned.</param>
    /// <param name="configure">Adds the consumers. Without any, the <see cref="ConsumerStore"/> registered as a service is asked.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static AuthenticationBuilder AddBasicAuthConsumers(this AuthenticationBuilder builder, Action<BasicAuthConsumersOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(builder, BasicAuthPolicy.From(configure));
    }

    /// <summary>Adds the scheme with the consumers of a configuration section, and follows its changes.</summary>
    /// <param name="builder">What <c>AddAuthentication</c> returned.</param>
    /// <param name="section">A section with the members of <see cref="BasicAuthConsumersOptions"/>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static AuthenticationBuilder AddBasicAuthConsumers(this AuthenticationBuilder builder, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Add(builder, BasicAuthPolicy.Following(section));
    }

    private static AuthenticationBuilder Add(AuthenticationBuilder builder, BasicAuthPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(policy);
        return builder.AddScheme<BasicAuthConsumersSchemeOptions, BasicAuthConsumersHandler>(
            BasicAuthConsumersDefaults.AuthenticationScheme, options => options.Policy = policy);
    }
}
