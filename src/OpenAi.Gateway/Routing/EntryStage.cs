using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// The outermost stage: notes which endpoint's stages are running, and for an OpenAI route holds the guard and the record of what came of the
/// request.
/// </summary>
internal sealed class EntryStage(OpenAiRouteMetadata? route, GatewayServices services, RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var request = GatewayRequest.Of(context);
        var outer = request.Entered;
        request.Entered = context.GetEndpoint();
        Exception? failure = null;
        var started = Begin(request);
        try
        {
            await GuardAsync(context);
        }
        catch (Exception error)
        {
            failure = error;
            throw;
        }
        finally
        {
            // Whoever runs the endpoint again, as an error page may, meets its stages again.
            request.Entered = outer;
            if (started is { } at)
            {
                End(context, request, at, failure);
            }
        }
    }

    // Gives the time when somebody wants to know what came of the request.
    private long? Begin(GatewayRequest request)
    {
        if (route is null)
        {
            return null;
        }

        request.Route = route;
        request.Usage = services.Usage.IsOn || GatewayActivitySource.HasListeners ? new RequestUsage() : null;
        return request.Usage is not null || services.Metrics.IsCountingRequests ? services.Time.GetTimestamp() : null;
    }

    // The server would refuse a body that is too large while it is read; one that says so beforehand need not be begun.
    private Task GuardAsync(HttpContext context) =>
        route is not null
            && context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } limit
            && context.Request.ContentLength > limit
            ? services.WriteErrorAsync(context, GatewayErrors.BodyTooLarge(limit))
            : next(context);

    private void End(HttpContext context, GatewayRequest request, long started, Exception? failure)
    {
        services.Metrics.RequestEnded(route!, context.Response.StatusCode, services.Time.GetElapsedTime(started));
        if (services.Usage.IsOn && request.Usage is { } usage)
        {
            services.Usage.Add(UsageRecorder.Of(context, route!, usage, failure, started, services.Time));
        }
    }
}
