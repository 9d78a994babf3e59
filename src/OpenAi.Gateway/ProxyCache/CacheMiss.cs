using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// Answers what nothing is stored for: one of the identical requests asks the upstream and stores what it brings, the others wait for it, or
/// read it with the one if it is a stream.
/// </summary>
internal sealed class CacheMiss(GatewayServices services, GatewayDelegate next)
{
    private readonly GatewayCache _cache = services.Cache;
    private readonly CacheHit _hit = new(services);

    public Task InvokeAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheKey key, CacheEntry? old)
    {
        var flight = _cache.Flights.Join(key, out var isLeader);
        return isLeader ? FetchAsync(request, cache, key, old, flight) : WaitAsync(request, cache, key, old, flight);
    }

    /// <summary>Asks the upstream and stores what it brings. Whoever waits in the flight, if the request leads one, gets that, too.</summary>
    public async Task FetchAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheKey key, CacheEntry? old, SingleFlight.Flight? flight)
    {
        CacheEntry? entry = null;
        try
        {
            // The flight before this one may have stored its answer since this request looked.
            if (flight is not null
                && await _cache.GetAsync(key) is { } stored
                && _hit.IsGood(stored, request.Context, cache.Options)
                && CacheForm.For(request, cache, stored) is { } answer)
            {
                entry = stored;
                await _hit.AnswerAsync(request, cache.Options, answer);
                return;
            }

            using var fetch = Begin(request, cache, old, flight);
            try
            {
                await fetch.RunAsync(next);
            }
            finally
            {
                if (!fetch.IsHeldBack)
                {
                    _hit.Count(request);
                }
            }

            if (fetch.IsHeldBack)
            {
                fetch.ClearResponse();
                await _hit.AnswerAsync(request, cache.Options, old!);
                entry = old;
            }
            else if (fetch.ToEntry(services.Time.GetUtcNow()) is { } brought)
            {
                entry = brought;
                await _cache.SetAsync(key, brought, cache.KeepFor(brought.FreshFor));
            }
        }
        finally
        {
            if (flight is not null)
            {
                // A client that left says nothing of the answer, so the next one tries. A failure would only fail the others one by one.
                var isHandedOver = entry is null && request.Context.RequestAborted.IsCancellationRequested;
                flight.Land(new FlightEnd(entry, isHandedOver));
            }
        }
    }

    private CacheFetch Begin(GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheEntry? old, SingleFlight.Flight? flight)
    {
        CacheAnswer.Mark(request, cache.Options, old is null ? CacheStatus.Miss : CacheStatus.Expired);
        if (cache.Options.HideCacheHeaders)
        {
            CacheAnswer.HideHeaders(request.Context);
        }

        return new CacheFetch(request, cache, old, new HeadBefore(request.Context.Response.Headers), services.Time.GetUtcNow(), flight);
    }

    private async Task WaitAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheKey key, CacheEntry? old, SingleFlight.Flight flight)
    {
        FlightEnd end;
        try
        {
            if (await FollowAsync(request, cache, flight))
            {
                return;
            }

            end = await flight.Landing.WaitAsync(cache.Options.LockTimeout, services.Time, request.Context.RequestAborted);
        }
        catch (TimeoutException)
        {
            end = default;
        }

        if (end.Entry is { } entry && IsTaken(entry, request, cache.Options) && CacheForm.For(request, cache, entry) is { } answer)
        {
            request.IsFollower = true;
            await _hit.AnswerAsync(request, cache.Options, answer);
        }
        else if (end.IsHandedOver)
        {
            await InvokeAsync(request, cache, key, old);
        }
        else
        {
            await FetchAsync(request, cache, key, old, flight: null);
        }
    }

    // What the leader brought is new. What it got in place of a failure is old, and this client may refuse it.
    private bool IsTaken(CacheEntry entry, GatewayRequest request, ProxyCacheOptions options)
    {
        var now = services.Time.GetUtcNow();
        return entry.IsFresh(now) || CacheControlRules.Accepts(options, request.Context.Request, entry, now);
    }

    // True when the request was answered with the stream that the leader brings.
    private async Task<bool> FollowAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache, SingleFlight.Flight flight)
    {
        var context = request.Context;
        var options = cache.Options;
        var begun = services.Time.GetTimestamp();
        var stream = await flight.Beginning.WaitAsync(options.LockTimeout, services.Time, context.RequestAborted);
        using var reader = stream?.TryJoin();
        if (reader is null)
        {
            return false;
        }

        if (CacheForm.WantsJson(request))
        {
            // It reads nothing, but wants the stream to go on.
            var left = options.LockTimeout - services.Time.GetElapsedTime(begun);
            await flight.Landing.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, services.Time, context.RequestAborted);
            return false;
        }

        return await StreamFollower.FollowAsync(context, options, reader, () =>
        {
            request.IsFollower = true;
            _hit.Begin(request, options, CacheStatus.Hit);
        });
    }
}
