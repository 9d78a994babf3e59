namespace OpenAi.Gateway;

/// <summary>Cancels one attempt when the client leaves or a time runs out, and tells which of the two it was.</summary>
internal sealed class ForwardClock : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _clientGone;
    private readonly CancellationTokenRegistration _registration;

    public ForwardClock(TimeProvider time, CancellationToken clientGone)
    {
        _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _clientGone = clientGone;
        _registration = clientGone.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Whether a time ran out while the client was still there.</summary>
    public bool HasTimedOut => _source.IsCancellationRequested && !_clientGone.IsCancellationRequested;

    /// <summary>Starts the time anew.</summary>
    public void Restart(TimeSpan limit) => _source.CancelAfter(limit);

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}
