using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>A gateway whose upstream "openai" has others to fall back to.</summary>
internal static class FallbackHost
{
    public const string OtherKey = "sk-canary-of-another-provider";

    public static Task<GatewayHost> StartAsync(
        ScriptedUpstream first,
        IEnumerable<(string Name, ScriptedUpstream Upstream)> others,
        Action<OpenAiUpstreamOptions>? configure = null,
        Action<OpenAiUpstreamOptions>? configureOthers = null,
        Action<OpenAiRouteBuilder>? route = null,
        TimeProvider? time = null,
        Action<WebApplicationBuilder>? build = null) => GatewayHost.StartOnSocketAsync(
            options =>
            {
                options.To(first);
                configure?.Invoke(options);
                foreach (var (name, _) in others.Where(other => options.Fallbacks.All(fallback => fallback.Upstream != other.Name)))
                {
                    options.FallbackTo(name);
                }
            },
            route,
            time,
            build: builder =>
            {
                foreach (var (name, upstream) in others)
                {
                    builder.Services.AddOpenAiUpstream(name, options =>
                    {
                        options.To(upstream).ApiKey = OtherKey;
                        configureOthers?.Invoke(options);
                    });
                }

                build?.Invoke(builder);
            });
}
