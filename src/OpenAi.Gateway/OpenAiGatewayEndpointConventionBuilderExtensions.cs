using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OpenAi.Gateway;

namespace Microsoft.AspNetCore.Builder;

/// <summary>
/// Policies for a route or a group: they cover every endpoint of that builder, an ordinary <c>MapGet</c> too. When a policy runs is fixed, whatever the
/// order of the lines: consumers, limit of requests, models, cache, limit of concurrency, limits of tokens and money, endpoint. Limits and rules for models
/// add up; of consumers and cache the nearest one wins.
/// </summary>
public static class OpenAiGatewayEndpointConventionBuilderExtensions
{
    /// <summary>Lets only these consumers call the endpoint (Basic authentication, RFC 7617). <c>AllowAnonymous</c> lifts it.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="configure">Adds the consumers. Without any, the <see cref="ConsumerStore"/> registered as a service is asked.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseBasicAuthConsumers<TBuilder>(this TBuilder builder, Action<BasicAuthConsumersOptions> configure)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(builder, BasicAuthPolicy.From(configure));
    }

    /// <summary>Lets only the consumers of a configuration section call the endpoint, and follows its changes.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="section">A section with the members of <see cref="BasicAuthConsumersOptions"/>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseBasicAuthConsumers<TBuilder>(this TBuilder builder, IConfiguration section)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(builder, BasicAuthPolicy.Following(section));
    }

    /// <summary>Limits the requests to the endpoint; the endpoints of a group share one counter for each key.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="configure">Sets at least count and window.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseLimitCount<TBuilder>(this TBuilder builder, Action<LimitCountOptions> configure)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(builder, LimitCountPolicy.From(configure));
    }

    /// <summary>Limits the requests to the endpoint as a configuration section says, and follows its changes.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="section">A section with the members of <see cref="LimitCountOptions"/>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseLimitCount<TBuilder>(this TBuilder builder, IConfiguration section)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(builder, LimitCountPolicy.Following(section));
    }

    /// <summary>Answers the endpoint from a cache.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="configure">Sets what is stored; the defaults are safe.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseProxyCache<TBuilder>(this TBuilder builder, Action<ProxyCacheOptions>? configure = null)
        where TBuilder : IEndpointConventionBuilder =>
        Use(builder, ProxyCachePolicy.From(configure ?? (static _ => { })));

    /// <summary>Answers the endpoint from a cache as a configuration section says, and follows its changes.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="section">A section with the members of <see cref="ProxyCacheOptions"/>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseProxyCache<TBuilder>(this TBuilder builder, IConfiguration section)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(builder, ProxyCachePolicy.Following(section));
    }

    /// <summary>Decides which models the route may be asked for, under which names, and how much; other endpoints have no models.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="configure">Sets aliases, allowed models or a maximum.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseModels<TBuilder>(this TBuilder builder, Action<ModelsOptions> configure)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(builder, ModelsPolicy.From(configure));
    }

    /// <summary>Decides which models the route may be asked for as a configuration section says, and follows its changes.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="section">A section with the members of <see cref="ModelsOptions"/>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseModels<TBuilder>(this TBuilder builder, IConfiguration section)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(builder, ModelsPolicy.Following(section));
    }

    /// <summary>Limits the requests that the endpoint may work on at the same time.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="configure">Sets at least the permits.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseLimitConcurrency<TBuilder>(this TBuilder builder, Action<LimitConcurrencyOptions> configure)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(builder, LimitConcurrencyPolicy.From(configure));
    }

    /// <summary>Limits the requests of the endpoint at the same time as a configuration section says, and follows its changes.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="section">A section with the members of <see cref="LimitConcurrencyOptions"/>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseLimitConcurrency<TBuilder>(this TBuilder builder, IConfiguration section)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(builder, LimitConcurrencyPolicy.Following(section));
    }

    /// <summary>Limits the tokens of the route; the routes of a group share one counter for each key, and other endpoints have no tokens.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="configure">Sets at least count and window.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseLimitTokens<TBuilder>(this TBuilder builder, Action<LimitTokensOptions> configure)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(builder, LimitTokensPolicy.From(configure));
    }

    /// <summary>Limits the tokens of the route as a configuration section says, and follows its changes.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="section">A section with the members of <see cref="LimitTokensOptions"/>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseLimitTokens<TBuilder>(this TBuilder builder, IConfiguration section)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(builder, LimitTokensPolicy.Following(section));
    }

    /// <summary>Limits what the calls of the route may cost; the routes of a group share one budget for each key, and other endpoints cost nothing.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="configure">Sets at least amount and period.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseBudget<TBuilder>(this TBuilder builder, Action<BudgetOptions> configure)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(builder, BudgetPolicy.From(configure));
    }

    /// <summary>Limits what the calls of the route may cost as a configuration section says, and follows its changes.</summary>
    /// <typeparam name="TBuilder">The type of the route or group.</typeparam>
    /// <param name="builder">The route or group.</param>
    /// <param name="section">A section with the members of <see cref="BudgetOptions"/>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static TBuilder UseBudget<TBuilder>(this TBuilder builder, IConfiguration section)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(builder, BudgetPolicy.Following(section));
    }

    private static TBuilder Use<TBuilder>(TBuilder builder, GatewayPolicy policy)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(endpoint => EndpointStages.Add(endpoint, policy));
        return builder;
    }
}
