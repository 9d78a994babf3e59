using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>Answers from the cache, or lets the upstream be asked and stores what it brings.</summary>
internal sealed class ProxyCacheStage(ProxyCachePolicy policy, GatewayServices services, GatewayDelegate next)
{
    /// <summary>The method that removes an entry, as in nginx and APISIX.</summary>
    public const string Purge = "PURGE";

    private readonly GatewayCache _cache = services.Cache;
    private readonly CacheHit _hit = new(services);
    private readonly CacheMiss _miss = new(services, next);

    public Task InvokeAsync(GatewayRequest request)
    {
        var context = request.Context;
        var cache = policy.Cache;
        var options = cache.Options;
        if (HttpMethods.Equals(context.Request.Method, Purge))
        {
            return PurgeAsync(request, cache);
        }

        if (!cache.Methods.Contains(context.Request.Method)
            || StatefulPaths.Match(request)
            || cache.IsBypassed(request)
            || (cache.Key.IncludesConsumer && CacheCaller.IsNameless(request))
            || CacheControlRules.ForbidsStoring(options, context.Request))
        {
            return BypassAsync(request, options);
        }

        // Without a state machine in the usual case: the model's stage has read the body already.
        var reading = ReadBodyAsync(request, cache);
        return reading.IsCompletedSuccessfully ? LookUp(request, cache, reading.Result) : LookUpLaterAsync(request, cache, reading);
    }

    private async Task LookUpLaterAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache, ValueTask<RequestBody?> reading) =>
        await LookUp(request, cache, await reading);

    private Task LookUp(GatewayRequest request, ProxyCachePolicy.Compiled cache, RequestBody? body)
    {
        if (body is null)
        {
            return Task.CompletedTask; // It could not be read, and the client has been told.
        }

        if (!body.IsComplete || IsInConversation(request, body) || (cache.Key.IncludesBody && WasReadBefore(request.Context, body)))
        {
            return BypassAsync(request, cache.Options);
        }

        var key = cache.Key.KeyOf(request, body.Memory.Span);
        var getting = _cache.GetAsync(request, key);
        return getting.IsCompletedSuccessfully ? Answer(request, cache, key, getting.Result) : AnswerLaterAsync(request, cache, key, getting);
    }

    private async Task AnswerLaterAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheKey key, ValueTask<CacheEntry?> getting) =>
        await Answer(request, cache, key, await getting);

    private Task Answer(GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheKey key, CacheEntry? entry)
    {
        var context = request.Context;
        var options = cache.Options;
        var answer = entry is null ? null : CacheForm.For(request, cache, entry);
        if (_hit.TryAnswer(request, options, answer) is { } answering)
        {
            return answering;
        }

        if (CacheControlRules.AsksOnlyCache(options, context.Request))
        {
            return RefuseAsync(request, options, CacheStatus.Miss);
        }

        // Whoever wants a new answer by no-cache must not get the one of a flight that began earlier.
        return CacheControlRules.AsksUpstream(options, context.Request)
            ? _miss.FetchAsync(request, cache, key, answer, flight: null)
            : _miss.InvokeAsync(request, cache, key, answer);
    }

    private async Task PurgeAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache)
    {
        if (await ReadBodyAsync(request, cache) is not { } body)
        {
            return;
        }

        var wasStored = false;
        foreach (var method in cache.Methods)
        {
            // The entry was stored under the key of a request with this method, not with PURGE.
            request.PurgedMethod = method;
            if (await _cache.RemoveAsync(request, cache.Key.KeyOf(request, body.Memory.Span)) is not { } existed)
            {
                await services.WriteErrorAsync(request.Context, GatewayErrors.CacheUnavailable);
                return;
            }

            wasStored |= existed;
        }

        if (!wasStored)
        {
            await services.WriteErrorAsync(request.Context, GatewayErrors.NotCached);
        }
    }

    // Null when it could not be read; the client has been told then.
    private async ValueTask<RequestBody?> ReadBodyAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache)
    {
        if (!cache.Key.IncludesBody)
        {
            return RequestBody.Empty;
        }

        var limit = request.Route is not null ? request.TargetIn(services.Upstreams).Options.MaxBufferedBody : RequestBody.DefaultMaxBuffered;
        var body = await request.ReadBodyAsync(limit, services);
        if (request.Route is null && body is not null)
        {
            body.GiveBackTo(request.Context.Request);
        }

        return body;
    }

    private Task RefuseAsync(GatewayRequest request, ProxyCacheOptions options, CacheStatus status)
    {
        _hit.Begin(request, options, status);
        return services.WriteErrorAsync(request.Context, GatewayErrors.OnlyIfCached);
    }

    private Task BypassAsync(GatewayRequest request, ProxyCacheOptions options)
    {
        if (CacheControlRules.AsksOnlyCache(options, request.Context.Request))
        {
            return RefuseAsync(request, options, CacheStatus.Bypass);
        }

        _hit.Begin(request, options, CacheStatus.Bypass);
        if (options.HideCacheHeaders)
        {
            CacheAnswer.HideHeaders(request.Context);
        }

        return next(request);
    }

    // The upstream keeps the conversation, and adds each question and answer to it: the same words are a different question later.
    private static bool IsInConversation(GatewayRequest request, RequestBody body) =>
        request.Operation == ModelOperation.Responses && !JsonSearch.MemberOf(body.Memory.Span, "\"conversation\""u8).IsEmpty;

    // Something before the cache has read the body, as antiforgery does with a form: what is left of it does not tell one question from another. One that a
    // middleware unpacks may be shorter than the packed one, whose length was announced.
    private static bool WasReadBefore(HttpContext context, RequestBody body) => context.Request.ContentLength is { } announced
        ? body.Memory.Length < announced && (body.Memory.IsEmpty || !RestOfBody.IsUnpacked(context.Request))
        : context.Find<IFormFeature>()?.Form is not null;
}
