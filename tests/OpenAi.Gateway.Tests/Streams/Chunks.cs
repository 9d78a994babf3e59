namespace OpenAi.Gateway.Tests.Streams;

internal static class Chunks
{
    /// <summary>Bytes cut at random places; some chunks are empty.</summary>
    public static IEnumerable<byte[]> Random(byte[] bytes, Random random)
    {
        // Few large chunks as well as many small ones.
        var largest = 1 + random.Next(random.Next(4) == 0 ? bytes.Length + 1 : 100);
        var position = 0;
        while (position < bytes.Length)
        {
            var length = Math.Min(random.Next(largest + 1), bytes.Length - position);
            yield return bytes[position..(position + length)];
            position += length;
        }
    }
}
