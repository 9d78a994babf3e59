using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Answers with what is stored.</summary>
internal sealed class CacheHit(GatewayServices services)
{
    /// <summary>Whether an entry may be given to a request, as far as its age goes.</summary>
    public bool IsGood(CacheEntry? entry, HttpContext context, ProxyCacheOptions options)
    {
        var now = services.Time.GetUtcNow();
        return entry is not null && entry.IsFresh(now) && (!options.ObeysClient || CacheControlRules.Accepts(context.Request, entry, now));
    }

    public Task AnswerAsync(HttpContext context, ProxyCacheOptions options, CacheEntry entry)
    {
        var now = services.Time.GetUtcNow();
        Begin(context, options, entry.IsFresh(now) ? CacheStatus.Hit : CacheStatus.Stale);
        return CacheAnswer.WriteAsync(context, options, entry, now);
    }

    /// <summary>Says what the cache did, to the client and to the metrics.</summary>
    public void Begin(HttpContext context, ProxyCacheOptions options, CacheStatus status)
    {
        CacheAnswer.Mark(context, options, status);
        Count(context);
    }

    public void Count(HttpContext context)
    {
        var request = GatewayRequest.Of(context);
        services.Metrics.CacheAnswered(request.Route?.Pattern, CacheAnswer.Text(request.CacheStatus!.Value));
    }
}
