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

        // To read back a stored answer, which GET does, costs nothing.
        request.Operation = HttpMethods.IsPost(context.Request.Method) ? OperationOf(request) : ModelOperation.Other;
        return request.Operation != ModelOperation.Other
            && (isNeeded || request.Usage is not null || services.Upstreams.Get(route.Upstream).HasModelMap)
            ? ReadAsync(context, request)
            : next(context);
    }

    // A bridge needs no RewritePath to know what its route is for, unless the path is the client's choice.
    private ModelOperation OperationOf(GatewayRequest request) => ModelOperations.Of(request.UpstreamPath) switch
    {
        ModelOperation.Other when route.Settings.Bridge is not null && !route.Pattern.Contains('{', StringComparison.Ordinal) => ModelOperation.Completions,
        var operation => operation,
    };

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
        if (model is { IsStream: true, ClientAsksForUsage: false } && request.Operation.TellsUsageOnRequest() && upstream.AsksForUsage)
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
