using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OpenAi.Gateway;

/// <summary>What a key is the hash of. Each thread has one, as no key takes longer than the request that asks for it.</summary>
internal sealed class KeyMaterial : IBufferWriter<byte>
{
    private const int Kept = 64 * 1024;
    private const string Prefix = "oag:1:";

    [ThreadStatic]
    private static KeyMaterial? _own;

    private byte[] _bytes = new byte[1024];
    private int _length;

    /// <summary>The thread's own, empty.</summary>
    public static KeyMaterial Begin()
    {
        // Not left in its place, so that whoever asks for a key while another is made gets another one.
        var own = _own ?? new KeyMaterial();
        _own = null;
        own._length = 0;
        return own;
    }

    // Each text goes behind its length, so that no part can pretend to be two.
    public void Add(string? text) => Add("", text);

    /// <summary>Adds two texts as one.</summary>
    public void Add(string prefix, string? text)
    {
        text ??= "";
        AddLength(prefix.Length + text.Length);
        this.Write(MemoryMarshal.AsBytes(prefix.AsSpan()));
        this.Write(MemoryMarshal.AsBytes(text.AsSpan()));
    }

    /// <summary>Adds what tells a question from others: of one to a model the body to send, without the form of its answer.</summary>
    public void Add(ModelRequest? model, ReadOnlySpan<byte> body)
    {
        var start = _length;
        AddLength(0);
        if (model is null)
        {
            this.Write(body);
        }
        else
        {
            model.WriteKeyTo(this);
        }

        BitConverter.TryWriteBytes(_bytes.AsSpan(start), _length - start - sizeof(int));
    }

    /// <summary>The key; then the material is given back.</summary>
    public string ToKey()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_bytes.AsSpan(0, _length), hash);
        Span<char> key = stackalloc char[Prefix.Length + (2 * SHA256.HashSizeInBytes)];
        Prefix.CopyTo(key);
        Convert.TryToHexStringLower(hash, key[Prefix.Length..], out _);
        if (_bytes.Length <= Kept)
        {
            _own = this;
        }

        return new string(key);
    }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(_length);
    }

    private void AddLength(int length)
    {
        BitConverter.TryWriteBytes(GetSpan(sizeof(int)), length);
        _length += sizeof(int);
    }

    private void Reserve(int sizeHint)
    {
        var needed = _length + Math.Max(sizeHint, 1);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(needed, 2 * _bytes.Length));
        }
    }
}
