using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>The lifetime of a request whose answer others may read with it: it ends when nobody wants the answer any more.</summary>
internal sealed class LeaderLifetime : AbortWatch, IDisposable
{
    private readonly CancellationTokenSource _unwanted = new();
    private readonly Lock _lock = new();
    private readonly CancellationTokenRegistration _registration;
    private SharedStream? _stream;
    private bool _hasLeft;
    private volatile bool _goesOn;

    public LeaderLifetime(IHttpRequestLifetimeFeature request)
        : base(request) =>
        _registration = request.RequestAborted.UnsafeRegister(static leader => ((LeaderLifetime)leader!).ClientLeft(), this);

    /// <summary>Whether its own client has gone, and the request went on for others.</summary>
    public bool GoesOn => _goesOn;

    public override CancellationToken RequestAborted
    {
        get => _unwanted.Token;
        set => base.RequestAborted = value;
    }

    /// <summary>Lets others read the answer, too; nobody can if its client has gone already, as it ends then.</summary>
    public SharedStream Share(int status, KeyValuePair<string, StringValues>[] headers, int maxSize)
    {
        lock (_lock)
        {
            _stream = new SharedStream(status, headers, maxSize, _unwanted.Cancel);
            if (_hasLeft)
            {
                _stream.LeaderLeft();
            }

            return _stream;
        }
    }

    /// <summary>Notes that the client has gone; gives whether the request goes on for others.</summary>
    public bool ClientLeft()
    {
        SharedStream? stream;
        lock (_lock)
        {
            _hasLeft = true;
            stream = _stream;
        }

        if (stream?.LeaderLeft() == true)
        {
            // A client that is still there, as after the app's own timeout, must not take what it got for the whole answer.
            _goesOn = true;
            Request.Abort();
            return true;
        }

        _unwanted.Cancel();
        return false;
    }

    public void Dispose() => _registration.Dispose();
}
