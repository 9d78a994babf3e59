using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OpenAi.Gateway;

namespace Microsoft.AspNetCore.Builder;

/// <summary>
/// Policies for every OpenAI route of the app. The app's other endpoints are never touched. When a policy runs is fixed, whatever the order of the
/// lines: consumers, limit of requests, models, cache, limit of concurrency, limits of tokens and money, upstream.
/// </summary>
public static class OpenAiGatewayApplicationBuilderExtensions
{
    /// <summary>Lets only these consumers call the app's OpenAI routes (Basic authentication, RFC 7617).</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="configure">Adds the consumers. Without any, the <see cref="ConsumerStore"/> registered as a service is asked.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseBasicAuthConsumers(this IApplicationBuilder app, Action<BasicAuthConsumersOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(app, BasicAuthPolicy.From(configure));
    }

    /// <summary>Lets only the consumers of a configuration section call the app's OpenAI routes, and follows its changes.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="section">A section with the members of <see cref="BasicAuthConsumersOptions"/>.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseBasicAuthConsumers(this IApplicationBuilder app, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(app, BasicAuthPolicy.Following(section));
    }

    /// <summary>Limits the requests to the app's OpenAI routes; all of them share one counter for each key.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="configure">Sets at least count and window.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseLimitCount(this IApplicationBuilder app, Action<LimitCountOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(app, LimitCountPolicy.From(configure));
    }

    /// <summary>Limits the requests to the app's OpenAI routes as a configuration section says, and follows its changes.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="section">A section with the members of <see cref="LimitCountOptions"/>.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseLimitCount(this IApplicationBuilder app, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(app, LimitCountPolicy.Following(section));
    }

    /// <summary>Answers the app's OpenAI routes from a cache.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="configure">Sets what is stored; the defaults are safe.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseProxyCache(this IApplicationBuilder app, Action<ProxyCacheOptions>? configure = null) =>
        Use(app, ProxyCachePolicy.From(configure ?? (static _ => { })));

    /// <summary>Answers the app's OpenAI routes from a cache as a configuration section says, and follows its changes.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="section">A section with the members of <see cref="ProxyCacheOptions"/>.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseProxyCache(this IApplicationBuilder app, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(app, ProxyCachePolicy.Following(section));
    }

    /// <summary>Decides which models the app's OpenAI routes may be asked for, under which names, and how much.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="configure">Sets aliases, allowed models or a maximum.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseModels(this IApplicationBuilder app, Action<ModelsOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(app, ModelsPolicy.From(configure));
    }

    /// <summary>Decides which models the app's OpenAI routes may be asked for as a configuration section says, and follows its changes.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="section">A section with the members of <see cref="ModelsOptions"/>.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseModels(this IApplicationBuilder app, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(app, ModelsPolicy.Following(section));
    }

    /// <summary>Limits the requests that the app's OpenAI routes may have at the upstream at the same time.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="configure">Sets at least the permits.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseLimitConcurrency(this IApplicationBuilder app, Action<LimitConcurrencyOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(app, LimitConcurrencyPolicy.From(configure));
    }

    /// <summary>Limits the requests of the app's OpenAI routes at the same time as a configuration section says, and follows its changes.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="section">A section with the members of <see cref="LimitConcurrencyOptions"/>.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseLimitConcurrency(this IApplicationBuilder app, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(app, LimitConcurrencyPolicy.Following(section));
    }

    /// <summary>Limits the tokens of the app's OpenAI routes; all of them share one counter for each key.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="configure">Sets at least count and window.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseLimitTokens(this IApplicationBuilder app, Action<LimitTokensOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(app, LimitTokensPolicy.From(configure));
    }

    /// <summary>Limits the tokens of the app's OpenAI routes as a configuration section says, and follows its changes.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="section">A section with the members of <see cref="LimitTokensOptions"/>.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseLimitTokens(this IApplicationBuilder app, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(app, LimitTokensPolicy.Following(section));
    }

    /// <summary>Limits what the calls of the app's OpenAI routes may cost; all of them share one budget for each key.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="configure">Sets at least amount and period.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseBudget(this IApplicationBuilder app, Action<BudgetOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(app, BudgetPolicy.From(configure));
    }

    /// <summary>Limits what the calls of the app's OpenAI routes may cost as a configuration section says, and follows its changes.</summary>
    /// <param name="app">The app, or a branch of it.</param>
    /// <param name="section">A section with the members of <see cref="BudgetOptions"/>.</param>
    /// <returns>The same app.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public static IApplicationBuilder UseBudget(this IApplicationBuilder app, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Use(app, BudgetPolicy.Following(section));
    }

    private static IApplicationBuilder Use(IApplicationBuilder app, GatewayPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(app);
        var services = GatewayServices.From(app.ApplicationServices);
        policy.Attach(services);
        services.AppHasPolicies = true;
        services.EndedRoutes.Note(app);
        services.AppHasCache |= policy is ProxyCachePolicy;
        return app.Use(next => new AppPolicyMiddleware(policy, services, next).Invoke);
    }
}
