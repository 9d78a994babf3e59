using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>One answer on its way from the endpoint to the client, watched by the cache.</summary>
internal sealed class CacheFetch : IDisposable
{
    // For a longer answer memory is taken only as it comes, whatever length it announces.
    private const int MostAnnounced = 1 << 20;

    private readonly GatewayRequest _request;
    private readonly HttpContext _context;
    private readonly ProxyCachePolicy.Compiled _cache;
    private readonly CacheEntry? _old;
    private readonly HeadBefore _before;
    private readonly DateTimeOffset _begun;
    private readonly ResponseTee _tee;
    private readonly AbortWatch _lifetime;
    private readonly SingleFlight.Flight? _flight;
    private KeyValuePair<string, StringValues>[] _headers = [];
    private byte[]? _bytes;
    private int _bodyStart;
    private TimeSpan _freshFor;
    private TimeSpan _age;
    private int _status;

    /// <param name="request">The request.</param>
    /// <param name="cache">The cache in scope.</param>
    /// <param name="old">What is stored, but stale or refused by the client; sent in place of a failure where that is allowed.</param>
    /// <param name="before">The response headers that are set already, and do not belong to the answer.</param>
    /// <param name="begun">Now.</param>
    /// <param name="flight">The flight that it leads, if it does.</param>
    public CacheFetch(
        GatewayRequest request,
        ProxyCachePolicy.Compiled cache,
        CacheEntry? old,
        HeadBefore before,
        DateTimeOffset begun,
        SingleFlight.Flight? flight)
    {
        _request = request;
        var context = _context = request.Context;
        _cache = cache;
        _old = old;
        _before = before;
        _begun = begun;
        _tee = new ResponseTee(context.Features.GetRequiredFeature<IHttpResponseBodyFeature>(), cache.Options.MaxBodySize, Decide, LetGo);
        _flight = flight;
        var lifetime = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        _lifetime = flight is not null && request.Model is { IsStream: true } ? new LeaderLifetime(lifetime) : new AbortWatch(lifetime);
    }

    /// <summary>Whether the endpoint failed, and a stored answer can still be sent in place of it.</summary>
    public bool IsHeldBack => _tee.Mode == TeeMode.HoldBack;

    public async Task RunAsync(GatewayDelegate endpoint)
    {
        _context.Features.Set<IHttpResponseBodyFeature>(_tee);
        _context.Features.Set<IHttpRequestLifetimeFeature>(_lifetime);
        try
        {
            await endpoint(_request);
            _tee.Begin();
            _tee.Shared?.EndAs(IsBroken ? StreamEnd.Broken : StreamEnd.Clean);
        }
        catch (AnswerCutException)
        {
            _tee.Shared?.EndAs(StreamEnd.Told);
            throw;
        }
        finally
        {
            _tee.Shared?.EndAs(StreamEnd.Broken);
            _context.Features.Set(_tee.Client);
            _context.Features.Set(_lifetime.Request);
            if (_lifetime is LeaderLifetime { GoesOn: true })
            {
                _request.Usage?.AddAbandoned(_request.Attempts, hasTimedOut: false);
            }
        }
    }

    /// <summary>The answer to store; <see langword="null"/> when it is not whole or not to be stored.</summary>
    public CacheEntry? ToEntry(DateTimeOffset now)
    {
        if (_tee.Mode != TeeMode.Remember || !IsWhole)
        {
            return null;
        }

        var length = (int)_tee.Length;
        if (_bytes is null)
        {
            _bytes = CacheEntryFormat.Begin(_status, _freshFor, _headers, length, out _bodyStart);
            _tee.CopyTo(_bytes.AsSpan(_bodyStart));
        }

        if (!MayBeStored(_bytes.AsSpan(_bodyStart, length)))
        {
            return null;
        }

        var storedAt = now - _age; // An answer that came from a cache of the upstream's was stored there earlier.
        CacheEntryFormat.Finish(_bytes, storedAt);
        return new CacheEntry(_status, storedAt, _freshFor, _headers, _bytes.AsMemory(_bodyStart, length)) { Stored = _bytes };
    }

    /// <summary>Takes back what the failed endpoint had set.</summary>
    public void ClearResponse()
    {
        _request.Error = null;
        _before.RestoreTo(_context.Response.Headers);
    }

    public void Dispose()
    {
        _tee.Dispose();
        (_lifetime as LeaderLifetime)?.Dispose();
    }

    private bool IsWhole => !_request.IsIncomplete && !_lifetime.WasAborted && _context.Response.StatusCode == _status && HasWholeBody;

    // When its client leaves, an ordinary endpoint may just stop; the forwarder sets IsIncomplete.
    private bool HasWholeBody => _context.Response.ContentLength is { } announced
        ? announced == _tee.Length
        : _request.Route is not null || !_context.RequestAborted.IsCancellationRequested;

    private bool IsBroken => _lifetime.WasAborted || _lifetime.RequestAborted.IsCancellationRequested;

    // Looks at the body: Decide has seen the head. An answer with an error status, which the options list, is stored whatever it says.
    private bool MayBeStored(ReadOnlySpan<byte> body)
    {
        if (_status >= StatusCodes.Status300MultipleChoices || _request.Route is null)
        {
            return true;
        }

        var isEventStream = ContentHeaders.IsEventStream(_context.Response.Headers.ContentType);
        return (_request.Operation == ModelOperation.Other || IsOfModel(body, isEventStream)) && (isEventStream || !UnfinishedWork.IsIn(body));
    }

    // An empty body or the HTML page of some proxy does not answer a question to a model, even with status 200.
    private bool IsOfModel(ReadOnlySpan<byte> body, bool isEventStream) =>
        !InBandError.IsIn(body, isEventStream)
        && (_status != StatusCodes.Status200OK || (isEventStream ? !body.Trim(JsonSearch.Whitespace).IsEmpty : JsonSearch.LooksLikeJson(body)));

    // A stored answer replaces only failures of the upstream, not the gateway's own refusals. Nor is it sent to a client that has refused it.
    private bool CanAnswerForUpstream => _old is not null
        && (_request.Error is not { } error || GatewayErrors.IsOfUpstream(error))
        && _old.Age(_begun) < _old.FreshFor + _cache.Options.StaleIfError
        && CacheControlRules.Accepts(_cache.Options, _context.Request, _old, _begun)
        && !(_cache.Options.RespectCacheControl && CacheControlRules.ForbidsStale(_old));

    // Nobody needs to wait for the end of an answer that is not stored. But if the client left, there is no answer: FetchAsync lets another one lead.
    private void LetGo()
    {
        if (!_context.RequestAborted.IsCancellationRequested)
        {
            _flight?.Land(default);
        }
    }

    private TeeMode Decide()
    {
        var response = _context.Response;
        var options = _cache.Options;
        if (response.StatusCode >= StatusCodes.Status500InternalServerError && !response.HasStarted && CanAnswerForUpstream)
        {
            _request.IsHeldBack = true;
            return TeeMode.HoldBack;
        }

        _age = options.RespectCacheControl ? CacheControlRules.AgeOf(response.Headers) : TimeSpan.Zero;

        // The gateway's own refusals are not stored, whatever their status. Nor is a stream that was not asked for its usage, which others may want.
        if (_request.Error is not null
            || !options.HttpStatus.Contains(response.StatusCode)
            || response.ContentLength > options.MaxBodySize
            || HttpMethods.IsHead(_context.Request.Method)
            || !CacheableHead.IsCacheable(response.Headers, _before, _request.Route is not null)
            || _cache.IsNotStored(_request)
            || _request.IsUsageUnasked
            || (options.RespectCacheControl ? CacheControlRules.FreshFor(response.Headers, _age, options.Ttl, _begun) : options.Ttl) is not { } freshFor)
        {
            LetGo();
            return TeeMode.Pass;
        }

        (_status, _freshFor) = (response.StatusCode, freshFor);
        _headers = CacheableHead.Of(response.Headers, _before, options.StatusHeader);
        if (_lifetime is LeaderLifetime leader && ContentHeaders.IsEventStream(response.Headers.ContentType))
        {
            _tee.Share(leader.Share(_status, _headers, options.MaxBodySize), leader.ClientLeft);
            _flight!.Begin(_tee.Shared!);
        }
        else if (response.ContentLength is { } length and <= MostAnnounced)
        {
            _bytes = CacheEntryFormat.Begin(_status, _freshFor, _headers, (int)length, out _bodyStart);
            _tee.RememberIn(_bytes, _bodyStart);
        }

        return TeeMode.Remember;
    }
}
