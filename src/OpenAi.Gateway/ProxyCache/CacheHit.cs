using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Answers with what is stored.</summary>
internal sealed class CacheHit(GatewayServices services)
{
    /// <summary>Whether an entry may be given to a request, as far as its age goes.</summary>
    public bool IsGood(CacheEntry? entry, HttpContext context, ProxyCacheOptions options)
    {
        var now = services.Time.GetUtcNow();
        return entry is not null && entry.IsFresh(now) && CacheControlRules.Accepts(options, context.Request, entry, now);
    }

    public Task AnswerAsync(GatewayRequest request, ProxyCacheOptions options, CacheEntry entry)
    {
        var now = services.Time.GetUtcNow();
        Begin(request, options, entry.IsFresh(now) ? CacheStatus.Hit : CacheStatus.Stale);
        return CacheAnswer.WriteAsync(request.Context, options, entry, now);
    }

    /// <summary>Says what the cache did, to the client and to the metrics.</summary>
    public void Begin(GatewayRequest request, ProxyCacheOptions options, CacheStatus status)
    {
        CacheAnswer.Mark(request, options, status);
        Count(request);
    }

    public void Count(GatewayRequest request) =>
        services.Metrics.CacheAnswered(request.Route?.Pattern, CacheAnswer.Text(request.CacheStatus!.Value));
}
