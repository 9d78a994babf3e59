using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>Answers from the cache, or lets one of the identical requests ask the upstream and stores what it brings.</summary>
internal sealed class ProxyCacheStage(ProxyCachePolicy policy, GatewayServices services, RequestDelegate next)
{
    /// <summary>The method that removes an entry, as in nginx and APISIX.</summary>
    public const string Purge = "PURGE";

    private readonly GatewayCache _cache = services.Cache;

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
            || (options.RespectCacheControl && CacheControlRules.AsksUpstream(context.Request)))
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
        if (IsGood(entry, context, options))
        {
            await AnswerAsync(context, options, entry!);
        }
        else if (options.RespectCacheControl && CacheControlRules.AsksOnlyCache(context.Request))
        {
            CacheAnswer.Mark(context, options, CacheStatus.Miss);
            Count(context);
            await services.WriteErrorAsync(context, GatewayErrors.OnlyIfCached);
        }
        else
        {
            await FlyAsync(context, cache, key, entry);
        }
    }

    // One of the identical requests leads, the others wait for what it brings.
    private async Task FlyAsync(HttpContext context, ProxyCachePolicy.Compiled cache, string key, CacheEntry? old)
    {
        while (true)
        {
            var flight = _cache.Flights.Join(key, out var isLeader);
            if (isLeader)
            {
                await LeadAsync(context, cache, key, old, flight);
                return;
            }

            FlightEnd end;
            try
            {
                end = await flight.Landing.WaitAsync(cache.Options.LockTimeout, services.Time, context.RequestAborted);
            }
            catch (TimeoutException)
            {
                end = default;
            }

            if (end.Entry is { } entry)
            {
                await AnswerAsync(context, cache.Options, entry);
                return;
            }

            if (!end.IsHandedOver)
            {
                await FetchAsync(context, cache, key, old);
                return;
            }
        }
    }

    private async Task LeadAsync(HttpContext context, ProxyCachePolicy.Compiled cache, string key, CacheEntry? old, SingleFlight.Flight flight)
    {
        CacheEntry? entry = null;
        try
        {
            // The flight before this one may have stored its answer since this request looked.
            if (await _cache.GetAsync(key) is { } stored && !ReferenceEquals(stored, old) && IsGood(stored, context, cache.Options))
            {
                entry = stored;
                await AnswerAsync(context, cache.Options, stored);
                return;
            }

            entry = await FetchAsync(context, cache, key, old);
        }
        finally
        {
            // A client that left says nothing of the answer, so the next one tries. A failure would only fail the others one by one.
            var isHandedOver = entry is null && context.RequestAborted.IsCancellationRequested;
            _cache.Flights.Land(key, flight, new FlightEnd(entry, isHandedOver));
        }
    }

    // Asks the upstream; gives the entry that others may be answered with.
    private async Task<CacheEntry?> FetchAsync(HttpContext context, ProxyCachePolicy.Compiled cache, string key, CacheEntry? old)
    {
        CacheAnswer.Mark(context, cache.Options, old is null ? CacheStatus.Miss : CacheStatus.Expired);
        HideHeaders(context, cache.Options);
        var before = new Dictionary<string, StringValues>(context.Response.Headers, StringComparer.OrdinalIgnoreCase);
        using var fetch = new CacheFetch(context, cache, old, before, services.Time.GetUtcNow());
        try
        {
            await fetch.RunAsync(next);
        }
        finally
        {
            if (!fetch.IsHeldBack)
            {
                Count(context);
            }
        }

        if (fetch.IsHeldBack)
        {
            fetch.ClearResponse();
            await AnswerAsync(context, cache.Options, old!);
            return old;
        }

        if (fetch.ToEntry(services.Time.GetUtcNow()) is not { } entry)
        {
            return null;
        }

        await _cache.SetAsync(key, entry, cache.KeepFor(entry.FreshFor));
        return entry;
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

    private Task AnswerAsync(HttpContext context, ProxyCacheOptions options, CacheEntry entry)
    {
        var now = services.Time.GetUtcNow();
        CacheAnswer.Mark(context, options, entry.IsFresh(now) ? CacheStatus.Hit : CacheStatus.Stale);
        Count(context);
        return CacheAnswer.WriteAsync(context, options, entry, now);
    }

    private Task BypassAsync(HttpContext context, ProxyCacheOptions options)
    {
        CacheAnswer.Mark(context, options, CacheStatus.Bypass);
        Count(context);
        HideHeaders(context, options);
        return next(context);
    }

    private void Count(HttpContext context)
    {
        var request = GatewayRequest.Of(context);
        services.Metrics.CacheAnswered(request.Route?.Pattern, CacheAnswer.Text(request.CacheStatus!.Value));
    }

    private bool IsGood(CacheEntry? entry, HttpContext context, ProxyCacheOptions options)
    {
        var now = services.Time.GetUtcNow();
        return entry is not null && entry.IsFresh(now) && (!options.RespectCacheControl || CacheControlRules.Accepts(context.Request, entry, now));
    }

    // Something before the cache took the body, as antiforgery does with a form: what is left of it tells no question from another.
    private static bool WasReadBefore(HttpContext context, RequestBody body) =>
        body.Memory.Length < context.Request.ContentLength || context.Features.Get<IFormFeature>()?.Form is not null;

    private static void HideHeaders(HttpContext context, ProxyCacheOptions options)
    {
        if (options.HideCacheHeaders)
        {
            CacheAnswer.HideHeaders(context);
        }
    }
}
