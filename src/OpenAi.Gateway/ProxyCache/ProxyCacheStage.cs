using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>Answers from the cache, or has the upstream asked and what it brings stored.</summary>
internal sealed class ProxyCacheStage(ProxyCachePolicy policy, GatewayServices services, RequestDelegate next)
{
    /// <summary>The method that removes an entry, as in nginx and APISIX.</summary>
    public const string Purge = "PURGE";

    private readonly GatewayCache _cache = services.Cache;
    private readonly CacheHit _hit = new(services);
    private readonly CacheMiss _miss = new(services, new CacheHit(services), next);

    public async Task InvokeAsync(HttpContext context)
    {
        var cache = policy.Cache;
        var options = cache.Options;
        if (HttpMethods.Equals(context.Request.Method, Purge))
        {
            await PurgeAsync(context, cache);
            return;
        }

        if (!cache.Methods.Contains(context.Request.Method)
            || cache.IsBypassed(context)
            || (cache.Key.IncludesConsumer && CacheCaller.IsNameless(context))
            || (options.ObeysClient && CacheControlRules.ForbidsStoring(context.Request)))
        {
            await BypassAsync(context, options);
            return;
        }

        if (await ReadBodyAsync(context, cache) is not { } body)
        {
            return;
        }

        if (!body.IsComplete || (cache.Key.IncludesBody && WasReadBefore(context, body)))
        {
            await BypassAsync(context, options);
            return;
        }

        var key = cache.Key.KeyOf(context, body.Memory.Span);
        var entry = await _cache.GetAsync(key);
        var answer = entry is null ? null : CacheForm.For(GatewayRequest.Of(context), cache, entry);
        if (_hit.IsGood(answer, context, options))
        {
            await _hit.AnswerAsync(context, options, answer!);
        }
        else if (options.ObeysClient && CacheControlRules.AsksOnlyCache(context.Request))
        {
            _hit.Begin(context, options, CacheStatus.Miss);
            await services.WriteErrorAsync(context, GatewayErrors.OnlyIfCached);
        }
        else if (options.ObeysClient && CacheControlRules.AsksUpstream(context.Request))
        {
            // An answer in flight was asked for earlier, so that it does not do either.
            await _miss.FetchAsync(context, cache, key, answer, flight: null);
        }
        else
        {
            await _miss.InvokeAsync(context, cache, key, answer);
        }
    }

    private async Task PurgeAsync(HttpContext context, ProxyCachePolicy.Compiled cache)
    {
        if (await ReadBodyAsync(context, cache) is not { } body)
        {
            return;
        }

        var wasStored = false;
        foreach (var method in cache.Methods)
        {
            // The key of the request as it was stored, whose method was another one.
            GatewayRequest.Of(context).PurgedMethod = method;
            if (await _cache.RemoveAsync(cache.Key.KeyOf(context, body.Memory.Span)) is not { } existed)
            {
                await services.WriteErrorAsync(context, GatewayErrors.CacheUnavailable);
                return;
            }

            wasStored |= existed;
        }

        if (!wasStored)
        {
            await services.WriteErrorAsync(context, GatewayErrors.NotCached);
        }
    }

    // Null when it could not be read; the client has been told then.
    private async ValueTask<RequestBody?> ReadBodyAsync(HttpContext context, ProxyCachePolicy.Compiled cache)
    {
        if (!cache.Key.IncludesBody)
        {
            return RequestBody.Empty;
        }

        var request = GatewayRequest.Of(context);
        var limit = request.Route is { } route ? services.Upstreams.Get(route.Upstream).Options.MaxBufferedBody : RequestBody.DefaultMaxBuffered;
        var body = await request.ReadBodyAsync(limit, services);
        if (request.Route is null && body is not null)
        {
            body.GiveBackTo(context.Request);
        }

        return body;
    }

    private Task BypassAsync(HttpContext context, ProxyCacheOptions options)
    {
        _hit.Begin(context, options, CacheStatus.Bypass);
        if (options.HideCacheHeaders)
        {
            CacheAnswer.HideHeaders(context);
        }

        return next(context);
    }

    // Something before the cache took the body, as antiforgery does with a form: what is left of it tells no question from another.
    private static bool WasReadBefore(HttpContext context, RequestBody body) =>
        body.Memory.Length < context.Request.ContentLength || context.Features.Get<IFormFeature>()?.Form is not null;
}
