namespace OpenAi.Gateway;

/// <summary>A piece of a stream that several read while it grows. What has been written to it does not change.</summary>
internal sealed class StreamSegment(byte[] bytes)
{
    public byte[] Bytes => bytes;

    public int Length { get; set; }

    public StreamSegment? Next { get; set; }
}
