using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>Answers from the cache, or has the upstream asked and what it brings stored.</summary>
internal sealed class ProxyCacheStage(ProxyCachePolicy policy, GatewayServices services, GatewayDelegate next)
{
    /// <summary>The method that removes an entry, as in nginx and APISIX.</summary>
    public const string Purge = "PURGE";

    private readonly GatewayCache _cache = services.Cache;
    private readonly CacheHit _hit = new(services);
    private readonly CacheMiss _miss = new(services, new CacheHit(services), next);

    public async Task InvokeAsync(GatewayRequest request)
    {
        var context = request.Context;
        var cache = policy.Cache;
        var options = cache.Options;
        if (HttpMethods.Equals(context.Request.Method, Purge))
        {
            await PurgeAsync(request, cache);
            return;
        }

        if (!cache.Methods.Contains(context.Request.Method)
            || cache.IsBypassed(context)
            || (cache.Key.IncludesConsumer && CacheCaller.IsNameless(context))
            || (options.ObeysClient && CacheControlRules.ForbidsStoring(context.Request)))
        {
            await BypassAsync(request, options);
            return;
        }

        if (await ReadBodyAsync(request, cache) is not { } body)
        {
            return;
        }

        if (!body.IsComplete || (cache.Key.IncludesBody && WasReadBefore(context, body)))
        {
            await BypassAsync(request, options);
            return;
        }

        var key = cache.Key.KeyOf(request, body.Memory.Span);
        var entry = await _cache.GetAsync(key);
        var answer = entry is null ? null : CacheForm.For(request, cache, entry);
        if (_hit.IsGood(answer, context, options))
        {
            await _hit.AnswerAsync(request, options, answer!);
        }
        else if (options.ObeysClient && CacheControlRules.AsksOnlyCache(context.Request))
        {
            _hit.Begin(request, options, CacheStatus.Miss);
            await services.WriteErrorAsync(context, GatewayErrors.OnlyIfCached);
        }
        else if (options.ObeysClient && CacheControlRules.AsksUpstream(context.Request))
        {
            // An answer in flight was asked for earlier, so that it does not do either.
            await _miss.FetchAsync(request, cache, key, answer, flight: null);
        }
        else
        {
            await _miss.InvokeAsync(request, cache, key, answer);
        }
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
            // The key of the request as it was stored, whose method was another one.
            request.PurgedMethod = method;
            if (await _cache.RemoveAsync(cache.Key.KeyOf(request, body.Memory.Span)) is not { } existed)
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

        var limit = request.Route is { } route ? services.Upstreams.Get(route.Upstream).Options.MaxBufferedBody : RequestBody.DefaultMaxBuffered;
        var body = await request.ReadBodyAsync(limit, services);
        if (request.Route is null && body is not null)
        {
            body.GiveBackTo(request.Context.Request);
        }

        return body;
    }

    private Task BypassAsync(GatewayRequest request, ProxyCacheOptions options)
    {
        _hit.Begin(request, options, CacheStatus.Bypass);
        if (options.HideCacheHeaders)
        {
            CacheAnswer.HideHeaders(request.Context);
        }

        return next(request);
    }

    // Something before the cache took the body, as antiforgery does with a form: what is left of it tells no question from another.
    private static bool WasReadBefore(HttpContext context, RequestBody body) =>
        body.Memory.Length < context.Request.ContentLength || context.Features.Get<IFormFeature>()?.Form is not null;
}
