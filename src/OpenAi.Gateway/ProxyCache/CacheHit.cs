namespace OpenAi.Gateway;

/// <summary>Answers with what is stored.</summary>
internal sealed class CacheHit(GatewayServices services)
{
    /// <summary>Answers with an entry that is fresh, and young enough for the client; <see langword="null"/> when it is not.</summary>
    public Task? TryAnswer(GatewayRequest request, ProxyCacheOptions options, CacheEntry? entry)
    {
        if (entry is null)
        {
            return null;
        }

        var now = services.Time.GetUtcNow();
        return entry.IsFresh(now) && CacheControlRules.Accepts(options, request.Context.Request, entry, now)
            ? AnswerAsync(request, options, entry, now)
            : null;
    }

    /// <summary>Answers with an entry, whatever its age.</summary>
    public Task AnswerAsync(GatewayRequest request, ProxyCacheOptions options, CacheEntry entry) =>
        AnswerAsync(request, options, entry, services.Time.GetUtcNow());

    /// <summary>Says what the cache did, to the client and to the metrics.</summary>
    public void Begin(GatewayRequest request, ProxyCacheOptions options, CacheStatus status)
    {
        CacheAnswer.Mark(request, options, status);
        Count(request);
    }

    public void Count(GatewayRequest request) =>
        services.Metrics.CacheAnswered(request.Route?.Pattern, CacheAnswer.Text(request.CacheStatus!.Value));

    private Task AnswerAsync(GatewayRequest request, ProxyCacheOptions options, CacheEntry entry, DateTimeOffset now)
    {
        Begin(request, options, entry.IsFresh(now) ? CacheStatus.Hit : CacheStatus.Stale);
        return CacheAnswer.WriteAsync(request.Context, options, entry, now);
    }
}
