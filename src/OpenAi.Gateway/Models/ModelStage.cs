using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// Reads what a request asks a model for, once, for all stages behind it. When the client did not ask for the usage at the end of its stream,
/// the gateway does, and takes out of the answer what that adds.
/// </summary>
internal sealed class ModelStage(OpenAiRouteMetadata route, bool isNeeded, GatewayServices services, RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = GatewayRequest.Of(context);
        request.Operation = ModelOperations.Of(request.UpstreamPath);
        return request.Operation != ModelOperation.Other && HttpMethods.IsPost(context.Request.Method)
            && (isNeeded || request.Usage is not null || services.Upstreams.Get(route.Upstream).HasModelMap)
            ? ReadAsync(context, request)
            : next(context);
    }

    private async Task ReadAsync(HttpContext context, GatewayRequest request)
    {
        var upstream = services.Upstreams.Get(route.Upstream).Options;
        if (await request.ReadBodyAsync(upstream.MaxBufferedBody, services) is not { } body)
        {
            return;
        }

        ModelRequest? model = null;
        if (body.IsComplete && ModelRequestReader.Read(request.Operation, body.Memory, out model) is { } error)
        {
            await services.WriteErrorAsync(context, error);
            return;
        }

        request.Model = model;
        var isUsageWanted = (isNeeded || request.Usage is not null) && upstream.AsksForUsage && request.Operation.TellsUsageOnRequest();
        if (isUsageWanted && model is { IsStream: true, ClientAsksForUsage: false })
        {
            model.AskForUsage();
            request.EditedBody = model.ToBody();
            await FilterAsync(context);
            return;
        }

        request.EditedBody = model is { IsEdited: true } ? model.ToBody() : null;
        await next(context);
    }

    private async Task FilterAsync(HttpContext context)
    {
        var client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var filter = new UsageFilter(context.Response, client);
        context.Features.Set<IHttpResponseBodyFeature>(filter);
        try
        {
            await next(context);
            await filter.FinishAsync(context.RequestAborted);
        }
        finally
        {
            context.Features.Set(client);
        }
    }
}
