namespace OpenAi.Gateway;

/// <summary>One of the upstream calls of a legacy request: the chat that answers one of its prompts.</summary>
internal sealed class BridgeCall(RequestBody body) : IDisposable
{
    private AnswerMeter? _meter;

    public RequestBody Body => body;

    public ForwardAttempt? Attempt { get; set; }

    /// <summary>How the answer ended; <see langword="null"/> as long as it has not.</summary>
    public PumpEnd? End { get; private set; }

    /// <summary>Whether the upstream refused the call, or nobody could be asked.</summary>
    public bool HasFailed => Attempt is null || Attempt.Error is not null || !Attempt.Response!.IsSuccessStatusCode;

    /// <summary>Whether the whole answer came.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Reads the answer into a writer, and its usage on the way.</summary>
    public async Task ReadAsync(CallWriter writer, GatewayRequest request, Upstream upstream, TimeProvider time, CancellationToken cancelled)
    {
        var attempt = Attempt!;
        _meter = request.Usage is not null && !HasFailed
            ? AnswerMeter.Create(ModelOperation.ChatCompletions, attempt.IsEventStream, time)
            : null;
        var pump = new StreamPump(writer, attempt.Clock, upstream.Options.IdleTimeout, attempt.IsEventStream, _meter);
        try
        {
            End = await pump.CopyAsync(attempt, cancelled);
            IsWhole = attempt.IsEventStream ? pump.Tail.IsDone : End == PumpEnd.Complete && attempt.IsFramed;
        }
        finally
        {
            if (_meter is not null)
            {
                _meter.Complete();
                request.Usage!.Add(_meter, request.Model);
            }
        }
    }

    public void Dispose()
    {
        Attempt?.Dispose();
        _meter?.Dispose();
        body.Dispose();
    }
}
