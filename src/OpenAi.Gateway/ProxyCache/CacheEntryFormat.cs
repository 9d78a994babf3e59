using System.Text;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>The bytes of an entry. Whatever is not exactly this version counts as nothing stored.</summary>
internal static class CacheEntryFormat
{
    private const byte Version = 1;

    // Ten thousand years: whoever adds something to it gets no overflow.
    private const long LongestTicks = 10_000 * 366 * TimeSpan.TicksPerDay;

    public static byte[] Write(CacheEntry entry)
    {
        using var stream = new MemoryStream(entry.Body.Length + 512);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Version);
        writer.Write((short)entry.Status);
        writer.Write(entry.StoredAt.UtcTicks);
        writer.Write(entry.FreshFor.Ticks);
        writer.Write((short)entry.Headers.Count);
        foreach (var (name, values) in entry.Headers)
        {
            writer.Write(name);
            writer.Write((short)values.Count);
            foreach (var value in values)
            {
                writer.Write(value ?? "");
            }
        }

        writer.Write(entry.Body.Length);
        writer.Write(entry.Body.Span);
        return stream.ToArray();
    }

    public static CacheEntry? Read(byte[] bytes)
    {
        try
        {
            using var stream = new MemoryStream(bytes, writable: false);
            using var reader = new BinaryReader(stream, Encoding.UTF8);
            if (reader.ReadByte() != Version)
            {
                return null;
            }

            var status = reader.ReadInt16();
            var storedAt = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
            var freshFor = TimeSpan.FromTicks(reader.ReadInt64());
            var headers = new KeyValuePair<string, StringValues>[reader.ReadInt16()];
            for (var i = 0; i < headers.Length; i++)
            {
                headers[i] = new(reader.ReadString(), ReadValues(reader));
            }

            var length = reader.ReadInt32();
            var start = (int)stream.Position;
            return status is >= 200 and <= 599 && freshFor.Ticks is > 0 and <= LongestTicks && length >= 0 && start + length == bytes.Length
                ? new CacheEntry(status, storedAt, freshFor, headers, bytes.AsMemory(start, length))
                : null;
        }
        catch (Exception error) when (error is IOException or ArgumentException or OverflowException or FormatException)
        {
            return null;
        }
    }

    private static StringValues ReadValues(BinaryReader reader)
    {
        var count = reader.ReadInt16();
        if (count == 1)
        {
            return reader.ReadString();
        }

        var values = new string[count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = reader.ReadString();
        }

        return values;
    }
}
