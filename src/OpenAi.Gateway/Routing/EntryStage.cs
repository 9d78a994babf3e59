using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// The outermost stage: notes which endpoint's stages are running, and for an OpenAI route holds the guard and the record of what came of the
/// request.
/// </summary>
internal sealed class EntryStage(OpenAiRouteMetadata? route, GatewayServices services, GatewayDelegate next)
{
    public async Task InvokeAsync(GatewayRequest request)
    {
        var outer = request.Entered;
        request.Entered = request.Context.GetEndpoint();
        Exception? failure = null;
        var started = Begin(request);
        try
        {
            await GuardAsync(request);
            await UnflushedBody.FlushAsync(request.Context);
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
                End(request, at, failure);
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
        request.Usage = services.Usage.IsOn || GatewayActivitySource.HasListeners ? request.NewUsage() : null;
        return request.Usage is not null || services.Metrics.IsCountingRequests ? services.Time.GetTimestamp() : null;
    }

    // The gateway refuses a body that is too large in the server's stead: one that is announced here, others while they are read. The server would close the
    // connection at once, so that a client that is still sending never sees the 413, and SDKs send all of it again. Behind an answer of the gateway's the
    // server reads on for some seconds.
    private Task GuardAsync(GatewayRequest request)
    {
        var context = request.Context;
        if (route is null || context.Find<IHttpMaxRequestBodySizeFeature>() is not { MaxRequestBodySize: { } limit } size)
        {
            return next(request);
        }

        // Counted here as well: the server counts the bytes that come, and not what a middleware unpacks.
        request.BodyLimit = limit;
        var isTooLarge = context.Request.ContentLength > limit;
        if ((isTooLarge || (context.Request.ContentLength is null && RestOfBody.IsOfServer(context.Request))) && !size.IsReadOnly)
        {
            size.MaxRequestBodySize = null;
        }

        return isTooLarge ? services.WriteErrorAsync(context, GatewayErrors.BodyTooLarge(limit)) : next(request);
    }

    private void End(GatewayRequest request, long started, Exception? failure)
    {
        var duration = services.Time.GetElapsedTime(started);
        services.Metrics.RequestEnded(route!, EndedStatus.Of(request.Context, failure), duration);
        if (services.Usage.IsOn && request.Usage is not null)
        {
            services.Usage.Add(UsageRecorder.Of(request, failure, started, duration, services));
        }
    }
}
