using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;

namespace OpenAi.Gateway.Testing;

/// <summary>The upstream's end of one connection: a script answers with it, byte by byte if it likes.</summary>
public sealed class UpstreamConnection : IDisposable
{
    // Small, as a test may hold a thousand connections.
    private const int BufferSize = 4096;
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly HttpWireReader _reader;
    // Without a limit: only who goes on reading notices at once that the peer has gone.
    private readonly Pipe _received = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly TaskCompletionSource _peerClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile UpstreamRequest? _request;

    internal UpstreamConnection(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new HttpWireReader(_received.Reader);
        Receiving = ReceiveAsync();
    }

    /// <summary>The latest request on this connection.</summary>
    public UpstreamRequest Request => _request ?? throw new InvalidOperationException("No request has come yet.");

    /// <summary>Completes when the peer has closed or reset the connection, or the script has reset it.</summary>
    public Task PeerClosed => _peerClosed.Task;

    internal Task Receiving { get; }

    public Task WriteAsync(string raw) => WriteAsync(Encoding.UTF8.GetBytes(raw));

    public async Task WriteAsync(ReadOnlyMemory<byte> raw) => await _stream.WriteAsync(raw);

    public Task WriteHeadAsync(int status, params IEnumerable<(string Name, string Value)> headers)
    {
        var lines = headers.Select(header => $"{header.Name}: {header.Value}\r\n");
        return WriteAsync($"HTTP/1.1 {status} Scripted\r\n{string.Concat(lines)}\r\n");
    }

    /// <summary>A whole answer with Content-Length.</summary>
    public async Task WriteJsonAsync(string json, int status = 200, params IEnumerable<(string Name, string Value)> headers)
    {
        var length = $"{Encoding.UTF8.GetByteCount(json)}";
        await WriteHeadAsync(status, [("Content-Type", "application/json"), ("Content-Length", length), .. headers]);
        await WriteAsync(json);
    }

    /// <summary>The head of a chunked answer with server-sent events; <see cref="EndChunksAsync"/> ends it.</summary>
    public Task StartSseAsync(params IEnumerable<(string Name, string Value)> headers) =>
        WriteHeadAsync(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked"), .. headers]);

    /// <summary>One event, in one chunk.</summary>
    public Task WriteEventAsync(string data) => WriteChunkAsync($"data: {data}\n\n");

    public Task WriteChunkAsync(string content) => WriteAsync($"{Encoding.UTF8.GetByteCount(content):x}\r\n{content}\r\n");

    public Task EndChunksAsync() => WriteAsync("0\r\n\r\n");

    /// <summary>Does nothing until the peer has gone.</summary>
    public Task HangAsync() => PeerClosed;

    /// <summary>Sends FIN, in the midst of an answer or after it.</summary>
    public void Close() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Sends RST.</summary>
    public void Reset() => _socket.Reset();

    public void Dispose() => _stream.Dispose();

    internal async Task<UpstreamRequest> ReadRequestAsync()
    {
        var (startLine, headers) = await _reader.ReadHeadAsync();
        using var body = new MemoryStream();
        await (headers.IsChunked ? _reader.CopyChunksAsync(body) : _reader.CopyAsync(headers.ContentLength ?? 0, body));
        var words = startLine.Split(' ');
        return _request = new UpstreamRequest(words[0], words[1], headers, body.ToArray(), _reader.TakeRaw());
    }

    private async Task ReceiveAsync()
    {
        try
        {
            await _stream.CopyToAsync(_received.Writer.AsStream(leaveOpen: true), BufferSize);
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // A reset is an end like any other here.
        }

        _peerClosed.TrySetResult();
        await _received.Writer.CompleteAsync();
    }
}
