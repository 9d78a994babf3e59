namespace OpenAi.Gateway;

/// <summary>One of the upstream calls of a legacy request: the chat that answers one of its prompts.</summary>
internal sealed class BridgeCall : IDisposable
{
    private readonly UpstreamCall _call;
    private readonly CancellationTokenSource _givenUp;
    private readonly long _inputBytes;
    private AnswerMeter? _meter;
    private bool _wasRead;

    public BridgeCall(BridgeRequest legacy, int prompt, CompletionBridge bridge, GatewayRequest request, OpenAiUpstreamOptions upstream)
    {
        _givenUp = CancellationTokenSource.CreateLinkedTokenSource(request.Context.RequestAborted);
        _inputBytes = legacy.InputBytes(prompt);
        var form = new BodyForm(legacy.Model, AsksForUsage: request.Model?.GatewayAsksForUsage == true, upstream.ChatMaxTokensField);
        _call = new UpstreamCall(bridge.Options.Path, Write(form), _givenUp.Token) { Form = form, Write = Write };

        RequestBody Write(BodyForm wanted)
        {
            var writer = new PooledBytes();
            if (wanted.AsksForUsage == form.AsksForUsage)
            {
                legacy.WriteChatBody(prompt, wanted, writer);
            }
            else
            {
                // A fallback that refuses what the gateway has added; few do.
                using var body = request.Model!.ToBody(request.Model.Form with { AsksForUsage = false });
                BridgeRequest.Parse(body.Memory, bridge, out var plain);
                plain!.WriteChatBody(prompt, wanted, writer);
            }

            return writer.ToBody();
        }
    }

    /// <summary>What became of the call; <see langword="null"/> when it was given up before.</summary>
    public ForwardAttempt? Attempt { get; private set; }

    /// <summary>How the reading of the answer ended; <see langword="null"/> as long as it has not.</summary>
    public PumpEnd? End { get; private set; }

    /// <summary>Whether an upstream began an answer that is of no use any more, and charges for it.</summary>
    public bool IsUnread => HasAnswer && !_wasRead;

    private bool HasAnswer => Attempt?.Response?.IsSuccessStatusCode == true;

    /// <summary>Asks the upstream. <see langword="false"/> when it refused, or nobody could be asked.</summary>
    public async Task<bool> TrySendAsync(UpstreamCaller caller, GatewayRequest request, Upstream upstream)
    {
        try
        {
            Attempt = await caller.SendAsync(request, upstream, _call);
            return HasAnswer;
        }
        catch (OperationCanceledException) when (!request.Context.RequestAborted.IsCancellationRequested)
        {
            return false; // Another call has failed.
        }
    }

    /// <summary>Reads the answer into a writer, and its usage on the way. Gives whether the whole answer came.</summary>
    public async Task<bool> ReadAsync(CallWriter writer, GatewayRequest request, TimeProvider time, CancellationToken clientGone)
    {
        var attempt = Attempt!;
        _wasRead = true;
        _meter = request.Usage is not null && HasAnswer
            ? new AnswerMeter(ModelOperation.ChatCompletions, attempt.IsEventStream, GatewayActivitySource.HasListeners, time)
            : null;
        var pump = new StreamPump(writer, attempt.Clock, attempt.Upstream.Options.IdleTimeout, attempt.IsEventStream, _meter);
        var isWhole = false;
        try
        {
            End = await pump.CopyAsync(attempt, clientGone);
            isWhole = await writer.FinishAsync(End == PumpEnd.Complete, clientGone);
            return isWhole;
        }
        finally
        {
            if (_meter is not null)
            {
                _meter.Complete();
                request.Usage!.Add(_meter, attempt.Model, _inputBytes, isWhole);
            }
        }
    }

    /// <summary>Ends the call, whatever phase it is in: nobody wants its answer any more.</summary>
    public Task GiveUpAsync() => _givenUp.CancelAsync();

    public void Dispose()
    {
        Attempt?.Dispose();
        _meter?.Dispose();
        _call.Dispose();
        _call.Body.Dispose();
        _givenUp.Dispose();
    }
}
