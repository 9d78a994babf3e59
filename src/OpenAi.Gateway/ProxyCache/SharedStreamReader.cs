using System.Threading.Tasks.Sources;

namespace OpenAi.Gateway;

/// <summary>One who reads a shared stream: takes what is there, and is woken when more has come.</summary>
internal sealed class SharedStreamReader(SharedStream stream, Lock sync, StreamSegment first) : IValueTaskSource, IDisposable
{
    private ManualResetValueTaskSourceCore<bool> _news = new() { RunContinuationsAsynchronously = true };
    private StreamSegment? _segment = first;
    private int _read;
    private bool _isWaiting;
    private bool _hasLeft;
    private bool _isDisposed;

    public SharedStream Stream => stream;

    /// <summary>How many bytes were taken.</summary>
    public long Position { get; private set; }

    /// <summary>Whether it fell so far behind that the bytes are no longer held for it.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Takes what is there; empty when there is nothing yet, or no more.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        lock (sync)
        {
            if (_segment is not null && _read == _segment.Length && _segment.Next is { } next)
            {
                (_segment, _read) = (next, 0);
            }

            if (_segment is null)
            {
                return default;
            }

            var taken = _segment.Bytes.AsMemory(_read, _segment.Length - _read);
            _read = _segment.Length;
            Position += taken.Length;
            return taken;
        }
    }

    /// <summary>Waits until there is something to take, the stream has ended, or <see cref="Leave"/> was called.</summary>
    public ValueTask WaitAsync()
    {
        lock (sync)
        {
            if (Position < stream.Length || stream.End != StreamEnd.None || _hasLeft || IsLost)
            {
                return ValueTask.CompletedTask;
            }

            _news.Reset();
            _isWaiting = true;
            return new ValueTask(this, _news.Version);
        }
    }

    /// <summary>Gives up the reader, which has fallen too far behind; called under the stream's lock.</summary>
    public void Lose()
    {
        IsLost = true;
        _segment = null;
        Wake();
    }

    /// <summary>Wakes the one who waits; called under the stream's lock.</summary>
    public void Wake()
    {
        if (_isWaiting)
        {
            _isWaiting = false;
            _news.SetResult(true);
        }
    }

    /// <summary>Stops reading; may be called on any thread, and more than once.</summary>
    public void Leave()
    {
        lock (sync)
        {
            _hasLeft = true;
            Wake();
        }

        stream.Leave(this);
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            Leave();
            stream.Release();
        }
    }

    void IValueTaskSource.GetResult(short token) => _news.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _news.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _news.OnCompleted(continuation, state, token, flags);
}
