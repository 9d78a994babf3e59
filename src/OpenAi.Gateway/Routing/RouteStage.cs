using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>The outermost stage of an OpenAI route: the guard, and the count of what came of the request.</summary>
internal sealed class RouteStage(OpenAiRouteMetadata route, GatewayServices services, RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        GatewayRequest.Of(context).Route = route;
        var run = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } limit
            && context.Request.ContentLength > limit
            ? services.WriteErrorAsync(context, GatewayErrors.BodyTooLarge(limit))
            : next(context);
        return services.Metrics.IsCountingRequests ? CountAsync(context, run) : run;
    }

    private async Task CountAsync(HttpContext context, Task run)
    {
        var started = services.Time.GetTimestamp();
        try
        {
            await run;
        }
        finally
        {
            services.Metrics.RequestEnded(route, context.Response.StatusCode, services.Time.GetElapsedTime(started));
        }
    }
}
