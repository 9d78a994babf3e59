using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// Reads what a request asks a model for, once, for all stages behind it, and holds it to what the policies allow. When the client did not ask for
/// the usage at the end of its stream, the gateway does, and takes out of the answer what that adds.
/// </summary>
internal sealed class ModelStage(OpenAiRouteMetadata route, ModelGuard guard, bool isNeeded, GatewayServices services, GatewayDelegate next)
{
    private readonly string? _fixedPath = route.Settings.RewrittenPath?.Fixed;
    private readonly ModelOperation _fixedOperation = ModelOperations.Of(route.Settings.RewrittenPath?.Fixed ?? "");

    // Not a route whose path is the client's choice: there the path says what is asked for.
    private readonly bool _isForBridge = route.Settings.Bridge is not null
        && (route.Settings.RewrittenPath is { Fixed: not null } || !route.OwnPattern.Contains('{', StringComparison.Ordinal));

    public Task InvokeAsync(GatewayRequest request)
    {
        var method = request.Context.Request.Method;
        if (!HttpMethods.IsPost(method) && !HttpMethods.Equals(method, ProxyCacheStage.Purge))
        {
            // A GET reads back what is there already, and asks no model. A PURGE comes with the question whose answer it removes.
            return next(request);
        }

        request.Operation = OperationOf(request);
        var isGuarded = guard.Covers(request);
        var upstream = request.TargetIn(services.Upstreams);
        var isWanted = isNeeded || request.Usage is not null || upstream.HasModelMap;
        return isGuarded || (isWanted && request.Operation != ModelOperation.Other)
            ? ReadBody(request, isGuarded, upstream)
            : next(request);
    }

    // A route with a bridge is asked for legacy completions, whatever it is called, and even when its RewritePath is that of the chats.
    private ModelOperation OperationOf(GatewayRequest request) => OfPath(request.UpstreamPath) switch
    {
        ModelOperation.Other when _isForBridge => ModelOperation.Completions,
        ModelOperation.ChatCompletions when _isForBridge && _fixedPath is not null => ModelOperation.Completions,
        var operation => operation,
    };

    private ModelOperation OfPath(string path) => ReferenceEquals(path, _fixedPath) ? _fixedOperation : ModelOperations.Of(path);

    // Without a state machine in the usual case: a small body has come with the request's head.
    private Task ReadBody(GatewayRequest request, bool isGuarded, Upstream upstream)
    {
        var reading = request.ReadBodyAsync(upstream.Options.MaxBufferedBody, services);
        return reading.IsCompletedSuccessfully
            ? Continue(request, isGuarded, upstream, reading.Result)
            : ContinueLaterAsync(request, isGuarded, upstream, reading);
    }

    private async Task ContinueLaterAsync(GatewayRequest request, bool isGuarded, Upstream upstream, ValueTask<RequestBody?> reading) =>
        await Continue(request, isGuarded, upstream, await reading);

    private Task Continue(GatewayRequest request, bool isGuarded, Upstream upstream, RequestBody? body)
    {
        if (body is null)
        {
            return Task.CompletedTask; // It could not be read, and the client knows.
        }

        ModelRequest? model = null;
        var error = body.IsComplete ? request.ReadModel(body, guard.MaxJsonDepth, out model) : null;
        request.Model = model;
        var pathModels = isGuarded ? PathModels.Of(request) : [];
        if (isGuarded
            && (error
                ?? guard.CheckOthers(request, pathModels)
                ?? Check(request, body, model, pathModels, upstream)
                ?? guard.RenameIn(request, model, pathModels)) is { } refusal)
        {
            return services.WriteErrorAsync(request.Context, refusal);
        }

        if (model is not null && (upstream.HasModelMap || route.Settings.Bridge is not null || pathModels.Length > 0 || model.OtherModels is not null))
        {
            model.PossibleModels = PossibleModels(model, upstream, pathModels);
        }

        var isUsageWanted = (isNeeded || request.Usage is not null) && upstream.Options.AsksForUsage && request.Operation.TellsUsageOnRequest();
        var isUsageAdded = isUsageWanted && model is { IsStream: true, ClientAsksForUsage: false };
        if (isUsageAdded)
        {
            model!.AskForUsage();
        }

        request.EditedBody = model is { IsEdited: true } ? model.ToBody() : null;
        return isUsageAdded ? FilterAsync(request) : next(request);
    }

    private GatewayError? Check(GatewayRequest request, RequestBody body, ModelRequest? model, string[] pathModels, Upstream upstream)
    {
        if (model is not null)
        {
            model.ChatMaxTokensField = upstream.Options.ChatMaxTokensField;
            return guard.Apply(request, model, pathModels);
        }

        return IsWithoutModel(request, body) ? null
            : body.IsComplete ? GatewayErrors.BodyNotReadable(guard.MaxJsonDepth)
            : GatewayErrors.BodyNotCheckable(upstream.Options.MaxBufferedBody);
    }

    private string?[] PossibleModels(ModelRequest model, Upstream upstream, string[] pathModels)
    {
        var first = model is { Operation: ModelOperation.Completions, Model: { } asked } && route.Settings.Bridge?.TargetOf(asked).Model is { Length: > 0 } target
            ? target
            : model.Model;
        var ofFallbacks = upstream.Options.Fallbacks.Select(fallback => first is not null && fallback.Models.TryGetValue(first, out var other) ? other : first);
        return [first, .. ofFallbacks, .. pathModels, .. model.OtherModels ?? []];
    }

    // Of the operations that the gateway does not know, some have no body at all, and others upload files.
    private static bool IsWithoutModel(GatewayRequest request, RequestBody body) => request.Operation == ModelOperation.Other
        && (body.Memory.IsEmpty
            ? body.IsComplete
            : !body.LooksLikeJson && request.Context.Request.ContentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true);

    private async Task FilterAsync(GatewayRequest request)
    {
        var context = request.Context;
        var client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();

        // A bridge puts the usage into its events whichever upstream answers, also one that was not asked for it.
        var isBridged = route.Settings.Bridge is not null && request.Operation == ModelOperation.Completions;
        using var filter = new UsageFilter(context.Response, client, isBridged ? null : request);
        context.Features.Set<IHttpResponseBodyFeature>(filter);
        try
        {
            await next(request);
            await filter.FinishAsync(context.RequestAborted);
        }
        finally
        {
            context.Features.Set(client);
        }
    }
}
