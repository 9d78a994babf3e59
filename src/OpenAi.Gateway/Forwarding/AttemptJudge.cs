using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>
/// Says what an attempt's end means: for its node and key, which may have to cool down, and for the call, which may go on.
/// <code>
///  end                                cools down                         again here       next upstream
///  no connection, no answer in time   the node                           yes              yes
///  5xx                                the node                           some             yes
///  429                                the node with this key             unless told not  yes
///  insufficient_quota                 the key                            other keys       yes
///  401, with several keys             the key, if another is accepted    other keys       no
///  anything else                      –                                  when it says so  no
/// </code>
/// </summary>
internal sealed class AttemptJudge(OpenAiRouteMetadata metadata, GatewayServices services, ILogger logger)
{
    public Verdict Judge(ForwardAttempt attempt, int number, UpstreamChain chain)
    {
        var pair = attempt.Pair;
        if (attempt.Error is { } error)
        {
            if (ForwardFailure.IsOfClient(error))
            {
                return Verdict.Final;
            }

            ForwardLog.AttemptFailed(logger, metadata.Pattern, number, attempt.Upstream.Name, pair.Node.Address, error.Code, attempt.Exception);
            chain.Note(pair).Add(pair.Node);
            pair.Node.Cooldown.Begin(null, attempt.Upstream.Options.Cooldown);
            return new Verdict(IsRetriedHere: true, IsMovedOn: true);
        }

        return Judge(attempt, attempt.Response!, chain);
    }

    private Verdict Judge(ForwardAttempt attempt, HttpResponseMessage response, UpstreamChain chain)
    {
        var pair = attempt.Pair;
        var status = (int)response.StatusCode;
        if (response.StatusCode == HttpStatusCode.Unauthorized && attempt.Upstream.HasSeveralKeys)
        {
            chain.Note(pair).Refuse(attempt.Upstream, pair.Key);
            return new Verdict(IsRetriedHere: true, IsMovedOn: false);
        }

        CoolDownRefused(attempt.Upstream, status, chain);
        if (status < StatusCodes.Status400BadRequest)
        {
            pair.Succeeded();
            return Verdict.Final;
        }

        if (attempt.IsOutOfQuota)
        {
            chain.Note(pair).Spend(pair.Key);
            CoolDown(attempt.Upstream, pair.Key, RetryPolicy.RetryAfter(response, services.Time), status);
            return new Verdict(IsRetriedHere: true, IsMovedOn: true);
        }

        var asked = RetryPolicy.Asked(response, services.Time);
        var mayRetry = RetryPolicy.MayRetry(response);
        if (status == StatusCodes.Status429TooManyRequests)
        {
            chain.Note(pair);
            pair.Cooldown.Begin(Believed(asked), attempt.Upstream.Options.Cooldown);
            return new Verdict(mayRetry, IsMovedOn: true, asked);
        }

        if (status >= StatusCodes.Status500InternalServerError)
        {
            chain.Note(pair).Add(pair.Node);
            pair.Node.Cooldown.Begin(Believed(asked), attempt.Upstream.Options.Cooldown);
            return new Verdict(mayRetry, IsMovedOn: true, asked);
        }

        pair.Succeeded();
        if (mayRetry)
        {
            chain.Note(pair);
        }

        return new Verdict(mayRetry, IsMovedOn: false, asked);
    }

    // A 401 may be the request's own fault, such as an organization that does not exist: a key is to blame once another one is accepted.
    private void CoolDownRefused(Upstream upstream, int status, UpstreamChain chain)
    {
        if (chain.Tried is { } tried && status < StatusCodes.Status500InternalServerError)
        {
            foreach (var key in tried.TakeRefused(upstream))
            {
                CoolDown(upstream, key, null, StatusCodes.Status401Unauthorized);
            }
        }
    }

    private void CoolDown(Upstream upstream, UpstreamKey key, TimeSpan? asked, int status)
    {
        var time = Believed(asked) ?? upstream.Options.QuotaCooldown;

        // As if the upstream had asked for that time: a call in flight that still succeeds does not end the cooldown.
        key.Cooldown.Begin(time, time);
        UpstreamLog.KeyCoolsDown(logger, upstream.Name, key.Number, status, time);
    }

    private static TimeSpan? Believed(TimeSpan? asked) => asked > RetryPolicy.LongestCooldown ? RetryPolicy.LongestCooldown : asked;
}
