using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>Makes the calls, and leaves when they say so.</summary>
internal sealed class LedgerClient(LedgerGateway gateway) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        ConnectCallback = (_, _) => ValueTask.FromResult(gateway.Connect()),
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,

        // To leave is to close the connection.
        MaxResponseDrainSize = 0,
    });

    public async Task<LedgerOutcome> CallAsync(LedgerCall call)
    {
        using var leave = new CancellationTokenSource(Soon.Bound);
        using var request = RequestOf(call);
        var body = new MemoryStream();
        var (status, cacheStatus) = (0, default(string));
        try
        {
            var sending = _http.SendAsync(request, leave.Token);
            if (call.LeavesAt < 0)
            {
                // Before that, nobody could say whether there was a call at all.
                await gateway.WhenArrivedAsync(call);
                await leave.CancelAsync();
            }

            using var response = await sending;
            (status, cacheStatus) = ((int)response.StatusCode, Header(response, LedgerGateway.StatusHeader));
            using var stream = await response.Content.ReadAsStreamAsync(leave.Token);
            var hasLeft = await ReadAsync(stream, body, call, leave.Token);
            return new LedgerOutcome(call, status, cacheStatus, body.ToArray(), hasLeft ? LedgerEnd.Left : LedgerEnd.Whole);
        }
        catch (OperationCanceledException) when (call.LeavesAt < 0)
        {
            return new LedgerOutcome(call, status, cacheStatus, body.ToArray(), LedgerEnd.Left);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{call} hangs with {status} after {body.Length} bytes.");
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            return new LedgerOutcome(call, status, cacheStatus, body.ToArray(), LedgerEnd.Broken);
        }
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage RequestOf(LedgerCall call)
    {
        var password = call.HasWrongPassword ? "wrong" : LedgerGateway.Password;
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://gateway/{call.Route}/{call.Question.Path}")
        {
            Content = new StringContent(call.Question.ToJson(), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{call.Name}:{password}")));
        request.Headers.Add(LedgerClock.CallHeader, call.Name);
        request.Headers.Add(LedgerUpstream.FaultsHeader, string.Join(',', call.Faults));
        if (call.HeldAt is { } part)
        {
            request.Headers.Add(LedgerUpstream.HeldHeader, part.ToString(CultureInfo.InvariantCulture));
        }

        return request;
    }

    // True when the client leaves before the end.
    private static async Task<bool> ReadAsync(Stream stream, MemoryStream body, LedgerCall call, CancellationToken cancellationToken)
    {
        // The gateway holds the beginning of an event back where it may have to take something out of it.
        var heldBack = call.HeldAt is null ? 0 : 700;
        var stay = call.LeavesAt is { } part ? (int)(part * LedgerAnswer.To(call.Question).Bytes.Length) - heldBack : int.MaxValue;
        var buffer = new byte[512];
        while (body.Length < stay)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, stay - body.Length)), cancellationToken);
            if (read == 0)
            {
                return false;
            }

            body.Write(buffer, 0, read);
        }

        return true;
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;
}
