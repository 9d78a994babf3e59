using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class OpenAiUpstreamOptionsValidator : IValidateOptions<OpenAiUpstreamOptions>
{
    private static readonly Annotations DataAnnotations = new();

    // The longest one that SocketsHttpHandler takes.
    private static readonly TimeSpan LongestConnectTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    public ValidateOptionsResult Validate(string? name, OpenAiUpstreamOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));

        if (options.Nodes.Count == 0)
        {
            result.AddError("has no node. Add one: AddNode(\"https://api.openai.com\") in code, Nodes:0:Address in the upstream's section.", nameof(options.Nodes));
        }

        foreach (var node in options.Nodes)
        {
            if (node is null)
            {
                result.AddError("has an entry that is null. Give it an Address, or take it out.", nameof(options.Nodes));
                continue;
            }

            CheckAddress(node.Address, result);
            CheckKey(node.ApiKey, node.ApiKey is not null, result);
        }

        CheckKey(options.ApiKey, options.IsApiKeyAssigned, result);
        foreach (var key in options.ApiKeys)
        {
            CheckKey(key, isAssigned: true, result, nameof(options.ApiKeys));
        }

        CheckFallbacks(name, options.Fallbacks, result);
        if (!HeaderRule.IsToken(options.ApiKeyHeader))
        {
            result.AddError("is not the name of a header. Use \"Authorization\", or \"api-key\" for Azure OpenAI.", nameof(options.ApiKeyHeader));
        }

        if (options.PassHost == PassHost.Rewrite && !IsHost(options.UpstreamHost))
        {
            result.AddError("must name a host, because PassHost is Rewrite: without a scheme or path, with a port if needed.", nameof(options.UpstreamHost));
        }

        if (options.HttpVersion is not ({ Major: 1, Minor: 1 } or { Major: 2 or 3, Minor: 0 }))
        {
            result.AddError($"is {options.HttpVersion}. It must be 1.1, 2.0 or 3.0.", nameof(options.HttpVersion));
        }

        OptionsCheck.Positive(options.MaxRetryDelay, nameof(options.MaxRetryDelay), result);
        OptionsCheck.Positive(options.Cooldown, nameof(options.Cooldown), result);
        OptionsCheck.Positive(options.QuotaCooldown, nameof(options.QuotaCooldown), result);
        OptionsCheck.Positive(options.ConnectTimeout, nameof(options.ConnectTimeout), result, LongestConnectTimeout);
        OptionsCheck.Positive(options.FirstByteTimeout, nameof(options.FirstByteTimeout), result);
        OptionsCheck.Positive(options.IdleTimeout, nameof(options.IdleTimeout), result);
        OptionsCheck.Positive(options.Timeout, nameof(options.Timeout), result);
        OptionsCheck.Positive(options.PooledConnectionIdleTimeout, nameof(options.PooledConnectionIdleTimeout), result);
        OptionsCheck.Positive(options.PooledConnectionLifetime, nameof(options.PooledConnectionLifetime), result);
        var built = result.Build();
        return built.Failed ? ValidateOptionsResult.Fail(built.Failures.Select(failure => $"Upstream '{name}': {failure}")) : built;
    }

    private static void CheckAddress(string address, ValidateOptionsResultBuilder result)
    {
        if (string.IsNullOrWhiteSpace(address))
        {
            return; // the annotation says so
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            result.AddError(
                $"'{address}' is no http or https URL. Write scheme and host, for example \"https://api.openai.com\".", nameof(OpenAiUpstreamNodeOptions.Address));
        }
        else if (uri.UserInfo.Length > 0)
        {
            // Not repeated: it holds a secret.
            result.AddError("holds a user name or password. Use ApiKey for credentials.", nameof(OpenAiUpstreamNodeOptions.Address));
        }
        else if (uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            result.AddError(
                $"'{address}' has a query or fragment. Put a query into the route's RewritePath.", nameof(OpenAiUpstreamNodeOptions.Address));
        }
    }

    private static bool IsHost(string? host)
    {
        using var message = new HttpRequestMessage();
        return UpstreamRequest.TrySetHost(message, new HostString(host!));
    }

    private static void CheckFallbacks(string? name, IList<OpenAiFallbackOptions> fallbacks, ValidateOptionsResultBuilder result)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var fallback in fallbacks)
        {
            if (fallback is null)
            {
                result.AddError("has an entry that is null. Give it an Upstream, or take it out.", nameof(OpenAiUpstreamOptions.Fallbacks));
                continue;
            }

            if (fallback.Upstream == name)
            {
                result.AddError($"names '{name}' itself. Name another upstream.", nameof(OpenAiUpstreamOptions.Fallbacks));
            }
            else if (!named.Add(fallback.Upstream))
            {
                result.AddError($"names '{fallback.Upstream}' twice. Name it once.", nameof(OpenAiUpstreamOptions.Fallbacks));
            }

            foreach (var (model, other) in fallback.Models)
            {
                if (string.IsNullOrWhiteSpace(other))
                {
                    result.AddError($"has no name for '{model}'. Give the model's name there, or leave it out.", nameof(OpenAiFallbackOptions.Models));
                }
            }
        }
    }

    private static void CheckKey(
        string? key, bool isAssigned, ValidateOptionsResultBuilder result, string setting = nameof(OpenAiUpstreamOptions.ApiKey))
    {
        if (isAssigned && string.IsNullOrWhiteSpace(key))
        {
            result.AddError(
                "is empty. Set the configuration value that it is read from (for example the environment variable OpenAi__ApiKey), "
                + $"or do not assign {setting} when the upstream needs none.",
                setting);
        }
        else if (key is not null && key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            result.AddError("has characters that cannot stand in a header, such as a line break. Check how it was copied.", setting);
        }
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<OpenAiUpstreamOptions>;
}
