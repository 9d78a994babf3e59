using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace OpenAi.Gateway.Testing;

/// <summary>Reads HTTP/1.1 as it is on the wire, and keeps the raw bytes. Ends early with <see cref="EndOfStreamException"/>.</summary>
internal sealed class HttpWireReader(PipeReader input)
{
    private const string NewLine = "\r\n";
    private readonly ArrayBufferWriter<byte> _raw = new();

    public byte[] TakeRaw()
    {
        var raw = _raw.WrittenSpan.ToArray();
        _raw.ResetWrittenCount();
        return raw;
    }

    public async Task<string> ReadUntilAsync(string marker)
    {
        var bytes = Encoding.UTF8.GetBytes(marker);
        while (true)
        {
            var result = await input.ReadAsync();
            if (EndOf(bytes, result.Buffer) is { } end)
            {
                return Encoding.UTF8.GetString(Consume(result.Buffer.Slice(0, end)));
            }

            if (result.IsCompleted)
            {
                var rest = Encoding.UTF8.GetString(Consume(result.Buffer));
                throw new EndOfStreamException($"The stream ended in the midst of \"{rest}\".");
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    public async Task<(string StartLine, WireHeaders Headers)> ReadHeadAsync()
    {
        var startLine = await ReadLineAsync();
        return (startLine, await ReadHeadersAsync());
    }

    public async Task CopyChunksAsync(Stream target)
    {
        while (await ReadChunkSizeAsync() is var size and > 0)
        {
            await CopyAsync(size, target);
            await ReadLineAsync();
        }

        await ReadHeadersAsync();
    }

    public async Task CopyAsync(long count, Stream target)
    {
        while (count > 0)
        {
            var result = await input.ReadAsync();
            var part = Consume(result.Buffer.Slice(0, Math.Min(count, result.Buffer.Length)));
            target.Write(part);
            count -= part.Length;
            if (count > 0 && result.IsCompleted)
            {
                throw new EndOfStreamException($"The stream ended {count} bytes too soon.");
            }
        }
    }

    public async Task CopyToEndAsync(Stream target)
    {
        ReadResult result;
        do
        {
            result = await input.ReadAsync();
            target.Write(Consume(result.Buffer));
        }
        while (!result.IsCompleted);
    }

    private static SequencePosition? EndOf(byte[] marker, ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        return reader.TryReadTo(out ReadOnlySequence<byte> _, marker) ? reader.Position : null;
    }

    private async Task<string> ReadLineAsync() => (await ReadUntilAsync(NewLine))[..^NewLine.Length];

    private async Task<int> ReadChunkSizeAsync()
    {
        var line = await ReadLineAsync();
        return int.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private async Task<WireHeaders> ReadHeadersAsync()
    {
        var headers = new List<KeyValuePair<string, string>>();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(new(line[..colon], line[(colon + 1)..].Trim()));
        }

        return new WireHeaders(headers);
    }

    private byte[] Consume(ReadOnlySequence<byte> part)
    {
        var bytes = part.ToArray();
        input.AdvanceTo(part.End);
        _raw.Write(bytes);
        return bytes;
    }
}
