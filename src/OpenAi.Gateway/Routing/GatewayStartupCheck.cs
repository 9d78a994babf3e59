using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OpenAi.Gateway;

/// <summary>
/// Stops the app at start-up when an upstream or a policy is wrong. Endpoints are otherwise built at the first request, which is too late to
/// hear of it.
/// </summary>
internal sealed class GatewayStartupCheck(UpstreamRegistry upstreams, IEnumerable<BasicAuthPolicy> schemes, IServiceProvider provider)
    : IHostedLifecycleService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        upstreams.CheckAll();
        foreach (var scheme in schemes)
        {
            scheme.Attach(GatewayServices.From(provider));
        }

        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var endpoints = provider.GetService<EndpointDataSource>()?.Endpoints ?? [];
        EndpointNames.Check(endpoints);
        LeadingEndpoints.Check(endpoints);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
