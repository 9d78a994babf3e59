using System.Runtime.InteropServices;

namespace OpenAi.Gateway;

/// <summary>What a key is the hash of.</summary>
/// <param name="bodyLength">How long the body is, so that room for it is taken at once.</param>
internal readonly ref struct KeyMaterial(int bodyLength) : IDisposable
{
    private const int RoomForOthers = 1024;

    // For all caches of the process: a key depends on nothing but its material.
    private static readonly RecentKeys Recent = new();

    private readonly PooledBytes _bytes = new(RoomForOthers + bodyLength);

    // Each text follows its length, so that one part can never look like two.
    public void Add(string? text) => Add("", text);

    /// <summary>Adds two texts as one.</summary>
    public void Add(string prefix, string? text)
    {
        text ??= "";
        AddLength(prefix.Length + text.Length);
        _bytes.Append(MemoryMarshal.AsBytes(prefix.AsSpan()));
        _bytes.Append(MemoryMarshal.AsBytes(text.AsSpan()));
    }

    /// <summary>Adds the body; of a question to a model only what tells it from others (see <see cref="QuestionKey"/>).</summary>
    public void Add(ModelRequest? model, ReadOnlySpan<byte> body)
    {
        var start = _bytes.Length;
        AddLength(0);
        if (model is null)
        {
            _bytes.Append(body);
        }
        else
        {
            QuestionKey.Write(model, _bytes);
        }

        BitConverter.TryWriteBytes(_bytes.Span[start..], _bytes.Length - start - sizeof(int));
    }

    public CacheKey ToKey() => Recent.KeyOf(_bytes.Span);

    public void Dispose() => _bytes.Dispose();

    private void AddLength(int length)
    {
        BitConverter.TryWriteBytes(_bytes.GetSpan(sizeof(int)), length);
        _bytes.Advance(sizeof(int));
    }
}
