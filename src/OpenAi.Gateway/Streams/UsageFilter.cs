using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// Takes out of an event stream what the gateway's own <c>stream_options.include_usage</c> added to it, so that the client gets the bytes that it
/// would have got without a gateway: the event that tells the usage goes, and from the others the member <c>"usage":null</c>. All else passes
/// byte for byte, each event at once; other answers, and a stream in a content encoding, pass untouched.
/// </summary>
/// <remarks>
/// Data on several lines, which no known server sends, is left as it is unless the whole event goes. The endpoint does not say where the
/// stream ends: whoever put the filter in calls <see cref="FinishAsync"/>.
/// </remarks>
/// <param name="response">The answer.</param>
/// <param name="client">Where the bytes go on to.</param>
/// <param name="request">Knows whether the upstream that answers was asked for the usage; without it, it was.</param>
internal sealed class UsageFilter(HttpResponse response, IHttpResponseBodyFeature client, GatewayRequest? request = null) : ResponseWriter(client), IDisposable
{
    private readonly SseParser _events = new();
    private ScratchBuffer _scratch;
    private Memory<byte> _given;
    private bool? _isFiltering;
    private bool _hasDroppedReturn;

    /// <summary>Passes the event that the stream's end left without its blank line. Not for an endpoint that threw: its answer is broken off.</summary>
    public ValueTask<FlushResult> FinishAsync(CancellationToken cancellationToken = default) =>
        PassRest() ? FlushAsync(cancellationToken) : default;

    public override Task StartAsync(CancellationToken cancellationToken = default)
    {
        Begin();
        return Client.StartAsync(cancellationToken);
    }

    public override Task CompleteAsync()
    {
        Begin();
        PassRest();
        return Client.CompleteAsync();
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) =>
        Begin() ? _given = _scratch.GetMemory(sizeHint) : Client.Writer.GetMemory(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Begin();

        // A stream that is silent holds no buffer.
        GiveBack();
        return base.FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (!Begin())
        {
            return Client.Writer.WriteAsync(source, cancellationToken);
        }

        Filter(source.Span);
        return FlushAsync(cancellationToken);
    }

    public override void Complete(Exception? exception = null)
    {
        PassRest();
        Client.Writer.Complete(exception);
    }

    public void Dispose()
    {
        GiveBack();
        _events.Dispose();
    }

    protected override void Written(int bytes)
    {
        if (_isFiltering != true)
        {
            Client.Writer.Advance(bytes);
            return;
        }

        var written = _given[..bytes];
        _given = _given[bytes..];
        Filter(written.Span);
    }

    private void Filter(ReadOnlySpan<byte> input)
    {
        while (_events.TryRead(ref input, out var found))
        {
            Pass(found);
        }
    }

    // Decides when the answer begins, as only then its head is known.
    private bool Begin()
    {
        if (_isFiltering is null)
        {
            // No event can be found in one that the upstream compressed unasked.
            _isFiltering = response.StatusCode == StatusCodes.Status200OK
                && request is not { IsUsageUnasked: true }
                && ContentHeaders.IsEventStream(response.Headers.ContentType)
                && !ContentHeaders.IsEncoded(response.Headers.ContentEncoding);
            if (_isFiltering == true && !response.HasStarted)
            {
                response.ContentLength = null;
            }
        }

        return _isFiltering.Value;
    }

    private bool PassRest()
    {
        var hasRest = _events.TryReadRest(out var last);
        if (hasRest)
        {
            Pass(last);
        }

        return hasRest;
    }

    private void Pass(SseEvent found)
    {
        var raw = found.Raw;
        var endsDropped = _hasDroppedReturn && raw is [(byte)'\n'];
        _hasDroppedReturn = false;
        if (endsDropped)
        {
            return;
        }

        var added = AddedUsage.In(found.Data);
        if (added.IsWholeEvent)
        {
            _hasDroppedReturn = raw is [.., (byte)'\r'];
        }
        else if (added.Member is { } member && raw.Overlaps(found.Data, out var dataStart))
        {
            var removal = member.Removal(found.Data);
            Client.Writer.Write(raw[..(dataStart + removal.Start)]);
            Client.Writer.Write(raw[(dataStart + removal.Start + removal.Length)..]);
        }
        else
        {
            Client.Writer.Write(raw);
        }
    }

    private void GiveBack()
    {
        _given = default;
        _scratch.GiveBack();
    }
}
