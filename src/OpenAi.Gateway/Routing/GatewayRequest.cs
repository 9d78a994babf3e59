using System.Security.Claims;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace OpenAi.Gateway;

/// <summary>
/// What the gateway carries along with one request. The next one on the same connection takes it over, as the server does with its
/// <see cref="HttpContext"/>, and begins with nothing in it.
/// </summary>
internal sealed class GatewayRequest : IOpenAiGatewayFeature, IDisposable
{
    private readonly ModelRequest _model = new();
    private readonly RequestUsage _usage = new();
    private ForwardClock? _clock;
    private string? _upstreamPath;
    private Upstream? _target;
    private int _attempts;
    private bool _isOver;

    private GatewayRequest(HttpContext context) => Context = context;

    /// <summary>The context that was given to <see cref="Of"/> last: a middleware may have passed on one of its own.</summary>
    public HttpContext Context { get; private set; }

    /// <summary>The app's policies that the request has passed so far.</summary>
    public PolicyScope? Scope { get; set; }

    /// <summary>The endpoint whose stages are running, so that an endpoint that was wrapped twice runs them once.</summary>
    public Endpoint? Entered { get; set; }

    public Consumer? Consumer { get; set; }

    /// <summary>The app's user, if it has one; <c>HttpContext.User</c> would make an empty one.</summary>
    public ClaimsPrincipal? User => Context.Find<IHttpAuthenticationFeature>()?.User;

    public OpenAiRouteMetadata? Route
    {
        get;
        set
        {
            field = value;
            (_upstreamPath, _target, PathAlias) = (null, null, null);
        }
    }

    /// <summary>The name of the upstream that was asked last.</summary>
    public string? Upstream { get; private set; }

    public UpstreamNode? Node { get; private set; }

    public int Attempts => _attempts;

    public CacheStatus? CacheStatus { get; set; }

    public GatewayError? Error { get; set; }

    /// <summary>The cache's store did not answer in time.</summary>
    public bool IsStoreHanging { get; set; }

    /// <summary>The store of the limits' counters did not answer in time.</summary>
    public bool IsCounterHanging { get; set; }

    /// <summary>A limit's refusal of anything but an answer from the cache.</summary>
    public Func<Task>? RefuseUnlessHit { get; set; }

    /// <summary>While an entry is purged: the method that it was stored under.</summary>
    public string? PurgedMethod { get; set; }

    /// <summary>The answer did not reach its end: it must never be stored.</summary>
    public bool IsIncomplete { get; set; }

    /// <summary>The answer is a failure that does not reach the client: the cache has something better to send.</summary>
    public bool IsHeldBack { get; set; }

    /// <summary>
    /// The answer is that of a fallback that was not asked for the usage of its stream, as the route's upstream was in the client's stead: nothing was added
    /// to it, and it may tell none.
    /// </summary>
    public bool IsUsageUnasked { get; set; }

    /// <summary>The answer is that of an identical request in flight.</summary>
    public bool IsFollower { get; set; }

    /// <summary>What the request asks a model for; <see cref="ModelOperation.Other"/> until the stage that finds out.</summary>
    public ModelOperation Operation { get; set; }

    /// <summary>The fields of the request that the gateway acts on, if it is one to a model and somebody wants to know.</summary>
    public ModelRequest? Model { get; set; }

    /// <summary>An alias that the path named, and the model that stands there in its place; <see langword="null"/> when the body's tells it.</summary>
    public (string Alias, string Model)? PathAlias { get; set; }

    /// <summary>The model that the client asked for.</summary>
    public string? AskedModel => PathAlias?.Alias ?? Model?.AskedModel;

    /// <summary>What the request took; <see langword="null"/> when nobody wants to know.</summary>
    public RequestUsage? Usage { get; set; }

    /// <summary>The body to send in place of the client's own, when a stage has changed it.</summary>
    public RequestBody? EditedBody { get; set; }

    /// <summary>The most bytes that the body may have. The gateway counts what it reads: more than the server does, where the app unpacks it.</summary>
    public long? BodyLimit { get; set; }

    /// <summary>The request's body, once a stage has read it.</summary>
    public RequestBody? Body { get; private set; }

    /// <summary>Path and query as the upstream sees them; on an ordinary endpoint the request's own.</summary>
    public string UpstreamPath => _upstreamPath ??= Route?.Settings.Path(Context)
        ?? Context.Request.Path.ToUriComponent() + Context.Request.QueryString.ToUriComponent();

    /// <summary>Sends the request to another path.</summary>
    public void UseUpstreamPath(string pathAndQuery) => _upstreamPath = pathAndQuery;

    /// <summary>The upstream that the route names, as it was when the request asked for it first.</summary>
    public Upstream TargetIn(UpstreamRegistry upstreams) => _target ??= upstreams.Get(Route!.Upstream);

    public static GatewayRequest Of(HttpContext context)
    {
        if (context.Find<IOpenAiGatewayFeature>() is GatewayRequest request)
        {
            request.Context = context;
            return request;
        }

        request = Begin(context);
        context.Features.Set<IOpenAiGatewayFeature>(request);
        return request;
    }

    /// <summary>An empty record of what the request takes, also when its endpoint is run again.</summary>
    public RequestUsage NewUsage()
    {
        _usage.Clear();
        return _usage;
    }

    /// <summary>Reads what the body asks a model for; see <see cref="ModelRequestReader.Read"/>.</summary>
    public GatewayError? ReadModel(RequestBody body, int maxDepth, out ModelRequest? model) =>
        ModelRequestReader.Read(Operation, body.Memory, maxDepth, out model, into: _model);

    /// <summary>
    /// Reads the body once, however many stages want it. Gives <see langword="null"/> when it could not be read; the client has been told then.
    /// </summary>
    public ValueTask<RequestBody?> ReadBodyAsync(int maxBuffered, GatewayServices services)
    {
        if (Body is null && RequestBody.TryRead(Context.Request, maxBuffered) is { } here)
        {
            Hold(here);
        }

        return Body is { } body ? new(body) : ReadAsync(maxBuffered, services);
    }

    /// <summary>Notes that a node is asked now; gives the number of the attempt.</summary>
    public int BeginAttempt(Upstream upstream, UpstreamNode node)
    {
        Upstream = upstream.Name;
        Node = node;
        return Interlocked.Increment(ref _attempts);
    }

    /// <summary>Begins the clock of an attempt: the one that was kept, if there is one.</summary>
    public ForwardClock BeginClock(TimeProvider time, CancellationToken clientGone) =>
        (Interlocked.Exchange(ref _clock, null) ?? new ForwardClock(time, this)).Begin(clientGone);

    /// <summary>Keeps the clock of an attempt that has ended, for the next one on the connection.</summary>
    public void Keep(ForwardClock clock) => _clock = clock;

    /// <summary>Called when the response is complete: a connection that waits for its next request holds no body.</summary>
    public void Dispose()
    {
        Body?.Dispose();
        EditedBody?.Dispose();
        (Body, EditedBody, Model, Usage) = (null, null, null, null);
        _model.Clear();
        _usage.Clear();
        _isOver = true;
    }

    // What Dispose has left in place: whoever is told of the request's end may still ask for it.
    private void Clear()
    {
        (Scope, Entered, Consumer, Route, Upstream, Node) = (null, null, null, null, null, null);
        (CacheStatus, PurgedMethod, Error, RefuseUnlessHit) = (null, null, null, null);
        (Operation, IsIncomplete, IsHeldBack, IsFollower, IsUsageUnasked, _isOver) = (ModelOperation.Other, false, false, false, false, false);
        (_attempts, _upstreamPath, IsStoreHanging, IsCounterHanging, BodyLimit) = (0, null, false, false, null);
    }

    // The requests of a connection, or of a stream of HTTP/2, come one after the other, so that the last one is over. Not so those of contexts that an app
    // makes from the features of another one.
    private static GatewayRequest Begin(HttpContext context)
    {
        var state = (context.Features as IPersistentStateFeature)?.State;
        if (state is not null && state.TryGetValue(typeof(GatewayRequest), out var last) && last is GatewayRequest { _isOver: true } request)
        {
            request.Clear();
            request.Context = context;
            return request;
        }

        request = new GatewayRequest(context);
        state?[typeof(GatewayRequest)] = request;
        return request;
    }

    private async ValueTask<RequestBody?> ReadAsync(int maxBuffered, GatewayServices services)
    {
        try
        {
            Hold(await RequestBody.ReadAsync(Context.Request, maxBuffered, BodyLimit, Context.RequestAborted));
            return Body;
        }
        catch (BadHttpRequestException error)
        {
            await services.WriteErrorAsync(Context, GatewayErrors.BodyUnreadable(error));
            return null;
        }
        catch (IOException)
        {
            // The client is gone, and the server has not noticed yet: without the abort it would read on.
            Context.Response.StatusCode = Forwarder.ClientClosedRequest;
            Context.Abort();
            return null;
        }
    }

    private void Hold(RequestBody body)
    {
        Body = body;
        Context.Response.RegisterForDispose(this);
    }
}
