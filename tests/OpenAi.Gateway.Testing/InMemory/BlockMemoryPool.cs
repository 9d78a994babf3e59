using System.Buffers;
using Microsoft.AspNetCore.Connections.Features;

namespace OpenAi.Gateway.Testing;

/// <summary>Rents whole blocks, as the pool behind Kestrel's sockets does: Kestrel asks for 0 bytes when any size will do.</summary>
internal sealed class BlockMemoryPool : MemoryPool<byte>, IMemoryPoolFeature
{
    private const int BlockSize = 4096;

    public static readonly BlockMemoryPool Instance = new();

    public override int MaxBufferSize => BlockSize;

    public MemoryPool<byte> MemoryPool => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, BlockSize));

    protected override void Dispose(bool disposing)
    {
        // It lives as long as the process.
    }
}
