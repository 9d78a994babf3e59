using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;

namespace OpenAi.Gateway.Testing;

/// <summary>
/// A client on one connection for measurements: it sends bytes that were made beforehand and only looks for the answer's end, so that it costs
/// next to nothing itself.
/// </summary>
/// <param name="connection">Closed with the client.</param>
public sealed class PreparedClient(Stream connection) : IDisposable
{
    private readonly byte[] _received = new byte[64 * 1024];
    private int _length;

    /// <summary>The bytes of a POST of JSON.</summary>
    public static byte[] Post(string path, string body, params IEnumerable<(string Name, string Value)> headers)
    {
        var lines = string.Concat(headers.Select(header => $"{header.Name}: {header.Value}\r\n"));
        return Encoding.UTF8.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{lines}\r\n{body}");
    }

    /// <summary>Sends a request and reads its whole answer.</summary>
    /// <returns>The answer's status.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> CallAsync(ReadOnlyMemory<byte> request)
    {
        await SendAsync(request);
        int bodyStart;
        while ((bodyStart = BodyStart()) < 0)
        {
            await ReceiveAsync();
        }

        var status = Status();
        if (ContentLength(bodyStart) is not { } left)
        {
            await ReadEndAsync();
            return status;
        }

        for (left -= _length - bodyStart; left > 0; left -= _length)
        {
            _length = 0;
            await ReceiveAsync();
        }

        return status;
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> request)
    {
        _length = 0;
        return connection.WriteAsync(request);
    }

    /// <summary>Waits for one event of a stream whose server sends no other one meanwhile.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadEventAsync()
    {
        while (!_received.AsSpan(0, _length).EndsWith("\n\n\r\n"u8))
        {
            await ReceiveAsync();
        }

        _length = 0;
    }

    /// <summary>Waits for the end of a chunked answer.</summary>
    public async ValueTask ReadEndAsync()
    {
        while (!_received.AsSpan(0, _length).EndsWith("0\r\n\r\n"u8))
        {
            if (_length == _received.Length)
            {
                // The end may be received in pieces.
                _received.AsSpan(_length - 8).CopyTo(_received);
                _length = 8;
            }

            await ReceiveAsync();
        }
    }

    /// <summary>The head, and of the body what came last.</summary>
    public string Received() => Encoding.UTF8.GetString(_received, 0, _length);

    public void Dispose() => connection.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveAsync()
    {
        var read = await connection.ReadAsync(_received.AsMemory(_length));
        _length += read > 0 ? read : throw new IOException("The server closed the connection.");
    }

    private int BodyStart() => _received.AsSpan(0, _length).IndexOf("\r\n\r\n"u8) is var end and >= 0 ? end + 4 : -1;

    private int Status() => Utf8Parser.TryParse(_received.AsSpan("HTTP/1.1 ".Length), out int status, out _) ? status : 0;

    private int? ContentLength(int headLength)
    {
        var head = _received.AsSpan(0, headLength);
        var name = "\r\nContent-Length: "u8;
        var start = head.IndexOf(name);
        return start >= 0 && Utf8Parser.TryParse(head[(start + name.Length)..], out int length, out _) ? length : null;
    }
}
