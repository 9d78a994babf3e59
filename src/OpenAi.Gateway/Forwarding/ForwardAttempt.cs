using System.Buffers;
using System.Net;

namespace OpenAi.Gateway;

/// <summary>
/// One attempt: the request that was sent, and either an error or an answer whose first bytes are here. Until those bytes have come, an
/// attempt that fails can still be followed by another.
/// </summary>
internal sealed class ForwardAttempt(UpstreamStep step, HttpRequestMessage? message, ForwardClock clock) : IDisposable
{
    private const int FirstReadSize = 16 * 1024;
    private byte[] _first = [];
    private int _firstLength;
    private bool _isDisposed;

    public ForwardClock Clock => clock;

    /// <summary>The upstream that was asked: the call's own, or one of its fallbacks.</summary>
    public Upstream Upstream => step.Upstream;

    /// <summary>The node that was asked, with the key for it; none for an attempt that was never made.</summary>
    public NodeKey Pair => step.Pair;

    /// <summary>The model that was asked for, as far as the gateway knows it.</summary>
    public string? Model { get; init; }

    /// <summary>Whether the call asks for the usage in the client's stead, and this attempt does not: its upstream refuses that.</summary>
    public bool IsUsageUnasked { get; init; }

    /// <summary>The answer, or <see langword="null"/> when there is an <see cref="Error"/>.</summary>
    public HttpResponseMessage? Response { get; private set; }

    public Stream Body { get; private set; } = Stream.Null;

    public GatewayError? Error { get; private set; }

    /// <summary>What went wrong, for the log; <see langword="null"/> when that would show what the upstream sent.</summary>
    public Exception? Exception { get; private set; }

    public bool IsEventStream { get; private set; }

    public bool IsHttp2 => Response?.Version.Major == 2;

    public ReadOnlySpan<byte> FirstBytes => _first.AsSpan(0, _firstLength);

    /// <summary>The length that the upstream announced, if it did.</summary>
    public long? ContentLength { get; private set; }

    /// <summary>
    /// Whether HTTP itself tells the end of the answer. One that ends with its connection (RFC 9112, 6.3) looks the same whole or cut.
    /// </summary>
    public bool IsFramed => Response is { } response
        && (ContentLength is not null
            || response.Version.Major > 1
            || response.StatusCode == HttpStatusCode.NoContent
            || response.Headers.NonValidated.Contains("Transfer-Encoding"));

    public int Status => Error?.Status ?? (int)Response!.StatusCode;

    public bool IsOutOfQuota => Response is { } response && RetryPolicy.IsOutOfQuota(response.StatusCode, FirstBytes);

    /// <summary>An attempt that was never made.</summary>
    public static ForwardAttempt Refused(Upstream upstream, GatewayError error, ForwardClock clock)
    {
        var step = new UpstreamStep(upstream, upstream, null!, null, TimeSpan.Zero);
        return new(step, null, clock) { Error = error };
    }

    public async Task SendAsync(HttpMessageInvoker invoker, TimeSpan timeout)
    {
        clock.Restart(timeout);
        try
        {
            Response = await invoker.SendAsync(message!, clock.Token);
            ContentLength = Response.Content.Headers.ContentLength;
            if (!UpstreamResponse.IsValid(Response, ContentLength))
            {
                throw new HttpRequestException(HttpRequestError.InvalidResponse, "The head of the answer cannot be passed on.");
            }

            IsEventStream = HasBody(message!, Response) && Response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
                && ContentHeaders.IsEventStream(type.ToString());
            Body = Response.Content.ReadAsStream(clock.Token); // The connection's own stream: nothing is read yet.
            if (!IsEventStream)
            {
                await ReadFirstBytesAsync(untilEnd: RetryPolicy.MayBeQuota(Response.StatusCode));
            }

            if (Response.StatusCode == HttpStatusCode.ResetContent && _firstLength > 0)
            {
                throw new HttpRequestException(HttpRequestError.InvalidResponse, "An answer with the status 205 has a body."); // RFC 9110, 15.3.6.
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            // An upstream cannot answer what the client has not sent.
            Error = clock.HasTimedOut && message!.Content is RequestBodyContent { WaitsForClient: true }
                ? GatewayErrors.BodyTooSlow
                : ForwardFailure.ErrorOf(error);
            Exception = ForwardFailure.QuotesUpstream(error) ? null : error;
            Response?.Dispose();
            Response = null;
        }
    }

    public void Dispose()
    {
        // The second time the clock may serve another attempt already.
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Response?.Dispose();
        message?.Dispose();
        clock.Dispose();
        if (_first.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_first);
            _first = [];
        }
    }

    private static bool HasBody(HttpRequestMessage request, HttpResponseMessage response) =>
        request.Method != HttpMethod.Head && response.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.ResetContent or HttpStatusCode.NotModified);

    // The reason of a refusal decides whether to try again, so it is read as far as the buffer goes.
    private async Task ReadFirstBytesAsync(bool untilEnd)
    {
        _first = ArrayPool<byte>.Shared.Rent(FirstReadSize);
        int read;
        do
        {
            read = await Body.ReadAsync(_first.AsMemory(_firstLength), clock.Token);
            _firstLength += read;
        }
        while (untilEnd && read > 0 && _firstLength < _first.Length);
    }
}
