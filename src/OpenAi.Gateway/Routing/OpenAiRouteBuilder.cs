using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>
/// Says what an OpenAI route does. Every method returns the builder, and the ordinary endpoint conventions (<c>RequireHost</c>,
/// <c>WithName</c>, <c>RequireAuthorization</c>, …) chain as well.
/// </summary>
public sealed class OpenAiRouteBuilder : IEndpointConventionBuilder
{
    private readonly IEndpointConventionBuilder _endpoint;
    private readonly RouteSettings _settings;

    internal OpenAiRouteBuilder(IEndpointConventionBuilder endpoint, RouteSettings settings)
    {
        _endpoint = endpoint;
        _settings = settings;
    }

    /// <inheritdoc />
    public void Add(Action<EndpointBuilder> convention) => _endpoint.Add(convention);

    /// <inheritdoc />
    public void Finally(Action<EndpointBuilder> finallyConvention) => _endpoint.Finally(finallyConvention);

    /// <summary>Sets the HTTP methods that the route takes. The default is <c>POST</c>.</summary>
    /// <param name="methods">At least one method, for example <c>GET</c>.</param>
    /// <exception cref="ArgumentException">No method is given, or one is not a token (RFC 9110, 9.1).</exception>
    public OpenAiRouteBuilder WithMethods(params string[] methods)
    {
        ArgumentNullException.ThrowIfNull(methods);
        if (methods.Length == 0 || !methods.All(HeaderRule.IsToken) || methods.Contains("*"))
        {
            throw new ArgumentException("Methods must name at least one HTTP method, for example \"POST\". \"*\" is none: name each method.", nameof(methods));
        }

        _settings.Methods = [.. methods.Select(HttpMethods.GetCanonicalizedValue).Distinct(StringComparer.OrdinalIgnoreCase)];
        return this;
    }

    /// <summary>
    /// Replaces the path that the upstream sees. The client's query is kept, behind the query of <paramref name="path"/> if it has one.
    /// The default is the request's own path.
    /// </summary>
    /// <param name="path">
    /// A path such as <c>/v1/completions</c>; route values are written <c>{name}</c>, or <c>{**name}</c> for a catch-all. A name that neither the route's
    /// pattern has nor that of a group around it stops the app at start-up.
    /// </param>
    /// <exception cref="ArgumentException">The path does not begin with a slash, or has a brace without its partner.</exception>
    public OpenAiRouteBuilder RewritePath([StringSyntax("Route")] string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        _settings.RewrittenPath = PathTemplate.Parse(path);
        return this;
    }

    /// <summary>Sets a header of the upstream request, whatever the client sent.</summary>
    /// <param name="name">The header, for example <c>OpenAI-Beta</c>.</param>
    /// <param name="value">Its value. An <c>Authorization</c> without a scheme is sent as <c>Bearer</c>.</param>
    /// <exception cref="ArgumentException">The name or the value cannot stand in a header (RFC 9110, 5.5).</exception>
    public OpenAiRouteBuilder SetHeader(string name, string value) => AddRule(HeaderRule.Set(name, value));

    /// <summary>Adds a value to a header of the upstream request, beside what the client sent.</summary>
    /// <param name="name">The header.</param>
    /// <param name="value">The value to add.</param>
    /// <exception cref="ArgumentException">The name or the value cannot stand in a header (RFC 9110, 5.5).</exception>
    public OpenAiRouteBuilder AddHeader(string name, string value) => AddRule(HeaderRule.Add(name, value));

    /// <summary>Removes a header of the client's request on its way to the upstream.</summary>
    /// <param name="name">The header.</param>
    /// <exception cref="ArgumentException">The name cannot stand in a header (RFC 9110, 5.1).</exception>
    public OpenAiRouteBuilder RemoveHeader(string name) => AddRule(HeaderRule.Remove(name));

    /// <summary>
    /// Answers legacy completions (<c>/v1/completions</c>), for which OpenAI has no model any more, by chat completions: the request is turned into
    /// a chat, and its answer, streamed or not, back into a <c>text_completion</c>. A field that a chat cannot serve exactly is answered 400.
    /// </summary>
    /// <param name="configure">Says which chat model answers for which name.</param>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public OpenAiRouteBuilder BridgeCompletions(Action<CompletionBridgeOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(CompletionBridge.From(configure));
    }

    /// <summary>Answers legacy completions by chat completions, as a configuration section says. A change of the section needs a restart.</summary>
    /// <param name="section">A section with the members of <see cref="CompletionBridgeOptions"/>.</param>
    /// <exception cref="InvalidOperationException">The section does not exist, or has a member of another name or shape; the message names it.</exception>
    /// <exception cref="OptionsValidationException">A value is wrong; the message names it and the remedy.</exception>
    public OpenAiRouteBuilder BridgeCompletions(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        OptionsCheck.Exists(section);
        return Use(CompletionBridge.From(section));
    }

    /// <summary>Changes the headers of each upstream request, after all other rules; runs once for each attempt.</summary>
    /// <param name="transform">Gets the client's request and the message about to be sent.</param>
    public OpenAiRouteBuilder TransformRequest(Action<HttpContext, HttpRequestMessage> transform)
    {
        ArgumentNullException.ThrowIfNull(transform);
        _settings.RequestTransforms.Add(transform);
        return this;
    }

    /// <summary>Changes the headers of the answer, after they were copied to the response and before the first byte is sent.</summary>
    /// <param name="transform">Gets the request, whose <c>Response.Headers</c> it may change, and the upstream's message.</param>
    public OpenAiRouteBuilder TransformResponse(Action<HttpContext, HttpResponseMessage> transform)
    {
        ArgumentNullException.ThrowIfNull(transform);
        _settings.ResponseTransforms.Add(transform);
        return this;
    }

    /// <summary>
    /// Bounds the time to the answer's first byte, over all attempts and the pauses between them. The default is the upstream's
    /// <see cref="OpenAiUpstreamOptions.Timeout"/>.
    /// </summary>
    /// <param name="timeout">Longer than zero.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is not longer than zero.</exception>
    public OpenAiRouteBuilder WithTimeout(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        _settings.Timeout = timeout;
        return this;
    }

    /// <summary>Sets how often a failed call is tried again. The default is the upstream's <see cref="OpenAiUpstreamOptions.Retries"/>.</summary>
    /// <param name="retries">0 or more; 0 turns retries off.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public OpenAiRouteBuilder WithRetries(int retries)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(retries);
        _settings.Retries = retries;
        return this;
    }

    /// <summary>Bounds the request's body; a larger one is answered 413. The default is the server's own limit (Kestrel: 30,000,000 bytes).</summary>
    /// <param name="bytes">The most bytes, or <see langword="null"/> for no limit.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public OpenAiRouteBuilder WithMaxRequestBodySize(long? bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes ?? 0, nameof(bytes));
        return this.WithMetadata(new RequestSizeLimit(bytes));
    }

    internal OpenAiRouteBuilder Use(CompletionBridge bridge)
    {
        _settings.Bridge = bridge;
        return this;
    }

    private OpenAiRouteBuilder AddRule(HeaderRule rule)
    {
        _settings.HeaderRules.Add(rule);
        return this;
    }

    // Routing itself applies this metadata to the server's limit.
    private sealed record RequestSizeLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
