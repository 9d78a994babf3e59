namespace OpenAi.Gateway;

/// <summary>
/// Answers requests for which nothing is stored: one of several identical ones asks the upstream and stores the answer; the others wait for it, or
/// read it along with the first if it is a stream.
/// </summary>
internal sealed class CacheMiss(GatewayServices services, GatewayDelegate next)
{
    private readonly GatewayCache _cache = services.Cache;
    private readonly CacheHit _hit = new(services);

    /// <param name="request">The request.</param>
    /// <param name="cache">The cache in scope.</param>
    /// <param name="key">Its key.</param>
    /// <param name="old">What is stored but may not be given.</param>
    /// <param name="since">Since when it waits for an identical request, if it did already.</param>
    public Task InvokeAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheKey key, CacheEntry? old, long? since = null)
    {
        var flight = _cache.Flights.Join(key, out var isLeader);
        return isLeader
            ? FetchAsync(request, cache, key, old, flight)
            : WaitAsync(request, cache, key, old, flight, since ?? services.Time.GetTimestamp());
    }

    /// <summary>Asks the upstream and stores the answer. If the request leads a flight, those who wait in it get the answer, too.</summary>
    public async Task FetchAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheKey key, CacheEntry? old, SingleFlight.Flight? flight)
    {
        CacheEntry? entry = null;
        try
        {
            // The flight before this one may have stored its answer since this request looked.
            if (flight is not null
                && await _cache.GetAsync(request, key) is { } stored
                && _hit.TryAnswer(request, cache.Options, CacheForm.For(request, cache, stored)) is { } answering)
            {
                entry = stored;
                await answering;
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
                await _cache.SetAsync(request, key, brought, cache.KeepFor(brought.FreshFor));
            }
        }
        finally
        {
            if (flight is not null)
            {
                // When the client left, nothing is known of the answer, and another one leads. After a failure all ask at once, not one after another.
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

    private async Task WaitAsync(
        GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheKey key, CacheEntry? old, SingleFlight.Flight flight, long since)
    {
        FlightEnd end;
        try
        {
            if (await FollowAsync(request, cache, flight, since))
            {
                return;
            }

            end = await flight.Landing.WaitAsync(Left(cache.Options, since), services.Time, request.Context.RequestAborted);
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
            await InvokeAsync(request, cache, key, old, since);
        }
        else
        {
            await FetchAsync(request, cache, key, old, flight: null);
        }
    }

    // What the leader brought is fresh. What it was sent in place of a failure is stale, and this client may refuse that.
    private bool IsTaken(CacheEntry entry, GatewayRequest request, ProxyCacheOptions options)
    {
        var now = services.Time.GetUtcNow();
        return entry.IsFresh(now) || CacheControlRules.Accepts(options, request.Context.Request, entry, now);
    }

    // True when the request was answered with the leader's stream.
    private async Task<bool> FollowAsync(GatewayRequest request, ProxyCachePolicy.Compiled cache, SingleFlight.Flight flight, long since)
    {
        var context = request.Context;
        var options = cache.Options;
        var stream = await flight.Beginning.WaitAsync(Left(options, since), services.Time, context.RequestAborted);
        using var reader = stream?.TryJoin();
        if (reader is null)
        {
            return false;
        }

        if (request.Model is { IsStream: false })
        {
            // JSON is made of the whole stream, so it only waits; its reader keeps the stream going if the leader's client leaves.
            await flight.Landing.WaitAsync(Left(options, since), services.Time, context.RequestAborted);
            return false;
        }

        return await StreamFollower.FollowAsync(context, options, reader, () =>
        {
            request.IsFollower = true;
            _hit.Begin(request, options, CacheStatus.Hit);
        });
    }

    private TimeSpan Left(ProxyCacheOptions options, long since)
    {
        var left = options.LockTimeout - services.Time.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
