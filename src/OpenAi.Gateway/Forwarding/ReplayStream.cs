namespace OpenAi.Gateway;

/// <summary>Reads what is held of a body in memory, then the rest of it.</summary>
internal sealed class ReplayStream(RequestBody body, Stream? rest) : RequestStream
{
    private int _position;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == body.Memory.Length)
        {
            return rest is null ? new(0) : rest.ReadAsync(buffer, cancellationToken);
        }

        var count = body.CopyTo(buffer.Span, _position);
        _position += count;
        return new(count);
    }
}
