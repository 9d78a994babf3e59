using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OpenAi.Gateway;

/// <summary>
/// The meter "OpenAi.Gateway". Labels are bounded: the route's pattern, the upstream's name, statuses and fixed words, never a consumer or
/// anything that a client can choose.
/// </summary>
internal sealed class GatewayMetrics
{
    public const string MeterName = "OpenAi.Gateway";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    };

    private readonly ListenerGuard _guard;
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<double> _upstreamDuration;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _retriesDenied;
    private readonly Counter<long> _limitRejections;
    private readonly Counter<long> _cacheResults;
    private readonly UpDownCounter<long> _openStreams;

    public GatewayMetrics(IMeterFactory meters, ListenerGuard guard)
    {
        _guard = guard;
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("openai_gateway.requests", "{request}", "Requests answered by OpenAI routes.");
        _requestDuration = meter.CreateHistogram("openai_gateway.request.duration", "s", "Time from the first stage to the last byte.", null, Seconds);
        _upstreamDuration = meter.CreateHistogram("openai_gateway.upstream.duration", "s", "Time from sending an attempt to its first byte.", null, Seconds);
        _retries = meter.CreateCounter<long>("openai_gateway.upstream.retries", "{retry}", "Attempts that were followed by another.");
        _retriesDenied = meter.CreateCounter<long>("openai_gateway.upstream.retries_denied", "{retry}", "Retries that the budget did not allow.");
        _limitRejections = meter.CreateCounter<long>("openai_gateway.limit.rejections", "{request}", "Requests that a limit refused.");
        _cacheResults = meter.CreateCounter<long>("openai_gateway.cache.results", "{request}", "What the cache did with requests.");
        _openStreams = meter.CreateUpDownCounter<long>("openai_gateway.streams.open", "{stream}", "Event streams being sent.");
    }

    public bool IsTimingUpstreams => _upstreamDuration.Enabled;

    public bool IsCountingRequests => _requests.Enabled || _requestDuration.Enabled;

    public void RequestEnded(OpenAiRouteMetadata route, int status, TimeSpan duration)
    {
        if (!IsCountingRequests)
        {
            return;
        }

        var tags = new TagList { { "http.route", route.Pattern }, { "openai_gateway.upstream", route.Upstream }, { "http.response.status_code", status } };
        _guard.Add(_requests, 1, tags);
        _guard.Record(_requestDuration, duration.TotalSeconds, tags);
    }

    public void UpstreamAnswered(ForwardAttempt attempt, TimeSpan duration) => _guard.Record(_upstreamDuration, duration.TotalSeconds, new TagList
    {
        { "openai_gateway.upstream", attempt.Upstream.Name },
        { attempt.Error is not null ? "error.type" : "http.response.status_code", attempt.Error?.Code ?? (object)attempt.Status },
    });

    public void Retried(Upstream upstream) => _guard.Add(_retries, 1, new TagList { { "openai_gateway.upstream", upstream.Name } });

    public void RetryDenied(Upstream upstream) => _guard.Add(_retriesDenied, 1, new TagList { { "openai_gateway.upstream", upstream.Name } });

    public void LimitRejected(string? route, string kind) =>
        _guard.Add(_limitRejections, 1, new TagList { { "http.route", route }, { "openai_gateway.limit.kind", kind } });

    public void CacheAnswered(string? route, string result)
    {
        if (_cacheResults.Enabled)
        {
            _guard.Add(_cacheResults, 1, new TagList { { "http.route", route }, { "openai_gateway.cache.result", result } });
        }
    }

    public void StreamOpened(OpenAiRouteMetadata route) => _guard.Add(_openStreams, 1, new TagList { { "http.route", route.Pattern } });

    public void StreamClosed(OpenAiRouteMetadata route) => _guard.Add(_openStreams, -1, new TagList { { "http.route", route.Pattern } });
}
