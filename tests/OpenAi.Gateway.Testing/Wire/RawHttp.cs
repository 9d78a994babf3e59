using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;

namespace OpenAi.Gateway.Testing;

/// <summary>An HTTP client that hides nothing: bytes are sent as written, and an answer tells how it ended.</summary>
public sealed class RawHttp : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly Action _reset;
    private readonly HttpWireReader _reader;

    private RawHttp(Stream stream, Action reset)
    {
        _stream = stream;
        _reset = reset;
        _reader = new HttpWireReader(PipeReader.Create(stream));
    }

    public static async Task<RawHttp> ConnectAsync(Uri server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port).SoonAsync();
        return new RawHttp(new NetworkStream(socket, ownsSocket: true), socket.Reset);
    }

    public static RawHttp Over(InMemoryStream stream) => new(stream, stream.Reset);

    /// <summary>One request on a connection of its own.</summary>
    public static async Task<RawAnswer> ExchangeAsync(Uri server, string request)
    {
        await using var connection = await ConnectAsync(server);
        await connection.SendAsync(request);
        return await connection.ReadAnswerAsync();
    }

    public Task SendAsync(string request) => SendAsync(Encoding.UTF8.GetBytes(request));

    public async Task SendAsync(ReadOnlyMemory<byte> request)
    {
        await _stream.WriteAsync(request).AsTask().SoonAsync("room for the request");
        await _stream.FlushAsync();
    }

    /// <summary>Reads on until this text has come, and returns all of it: for an answer of which only a part is there yet.</summary>
    public Task<string> ReadUntilAsync(string text) => _reader.ReadUntilAsync(text).SoonAsync($"\"{text}\" from the server");

    /// <summary>Reads a whole answer, or what there is of it. An answer to HEAD has no body, whatever its headers say.</summary>
    public Task<RawAnswer> ReadAnswerAsync(bool toHead = false) => ReadToEndAsync(toHead).SoonAsync("the end of the answer");

    /// <summary>Reads the bytes that follow what has been read, until the server ends the connection, and tells how it did.</summary>
    public Task<RawEnd> ReadToCloseAsync() => TryAsync(() => _reader.CopyToEndAsync(Stream.Null)).SoonAsync("the end of the connection");

    /// <summary>Leaves at once, with a TCP reset.</summary>
    public void Reset() => _reset();

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static async Task<RawEnd> TryAsync(Func<Task> read)
    {
        try
        {
            await read();
            return RawEnd.Complete;
        }
        catch (EndOfStreamException)
        {
            return RawEnd.ClosedEarly;
        }
        catch (IOException)
        {
            return RawEnd.Reset;
        }
    }

    private async Task<RawAnswer> ReadToEndAsync(bool toHead)
    {
        var status = 0;
        var headers = new WireHeaders([]);
        using var body = new MemoryStream();
        var end = await TryAsync(async () =>
        {
            (var startLine, headers) = await _reader.ReadHeadAsync();
            status = int.Parse(startLine.Split(' ')[1], CultureInfo.InvariantCulture);
            var hasBody = !toHead && status is >= 200 and not 204 and not 304;
            await (hasBody ? ReadBodyAsync(headers, body) : Task.CompletedTask);
        });
        return new RawAnswer(status, headers, body.ToArray(), _reader.TakeRaw(), end);
    }

    private Task ReadBodyAsync(WireHeaders headers, Stream body) => headers switch
    {
        { IsChunked: true } => _reader.CopyChunksAsync(body),
        { ContentLength: { } length } => _reader.CopyAsync(length, body),
        _ => _reader.CopyToEndAsync(body),
    };
}
