namespace OpenAi.Gateway;

/// <summary>
/// Cancels one attempt when the client leaves or a time runs out, and tells which of the two it was. One that cancelled nothing is used again.
/// </summary>
internal sealed class ForwardClock : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly GatewayRequest _owner;
    private CancellationToken _clientGone;
    private CancellationTokenRegistration _registration;

    /// <param name="time">What it counts by.</param>
    /// <param name="owner">Who keeps it for the next attempt.</param>
    public ForwardClock(TimeProvider time, GatewayRequest owner)
    {
        _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _owner = owner;
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Whether a time ran out while the client was still there.</summary>
    public bool HasTimedOut => _source.IsCancellationRequested && !_clientGone.IsCancellationRequested;

    /// <summary>Begins an attempt that ends when the client leaves.</summary>
    public ForwardClock Begin(CancellationToken clientGone)
    {
        _clientGone = clientGone;
        _registration = clientGone.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        return this;
    }

    /// <summary>Starts the time anew.</summary>
    public void Restart(TimeSpan limit) => _source.CancelAfter(limit);

    public void Dispose()
    {
        _registration.Dispose();
        if (_source.TryReset())
        {
            (_clientGone, _registration) = (default, default);
            _owner.Keep(this);
        }
        else
        {
            _source.Dispose();
        }
    }
}
