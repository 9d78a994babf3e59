using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>The outermost stage of an OpenAI route: the guard, and the record of what came of the request.</summary>
internal sealed class RouteStage(OpenAiRouteMetadata route, GatewayServices services, RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = GatewayRequest.Of(context);
        request.Route = route;
        request.Usage = services.Usage.IsOn || GatewayActivitySource.HasListeners ? new RequestUsage() : null;
        return request.Usage is not null || services.Metrics.IsCountingRequests ? CountAsync(context, request.Usage) : RunAsync(context);
    }

    // The server would refuse a body that is too large while it is read; one that says so beforehand need not be begun.
    private Task RunAsync(HttpContext context) =>
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } limit
            && context.Request.ContentLength > limit
            ? services.WriteErrorAsync(context, GatewayErrors.BodyTooLarge(limit))
            : next(context);

    private async Task CountAsync(HttpContext context, RequestUsage? usage)
    {
        var started = services.Time.GetTimestamp();
        Exception? failure = null;
        try
        {
            await RunAsync(context);
        }
        catch (Exception error)
        {
            failure = error;
            throw;
        }
        finally
        {
            services.Metrics.RequestEnded(route, context.Response.StatusCode, services.Time.GetElapsedTime(started));
            if (usage is not null)
            {
                services.Usage.Add(UsageRecorder.Of(context, route, usage, failure, started, services.Time));
            }
        }
    }
}
