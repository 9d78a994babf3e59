using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>
/// Writes an entry as bytes and reads it back. Bytes that are not exactly of this version count as nothing stored, and so do those of which a single one
/// has changed: it could be a letter of the answer, or make a header that no server sends.
/// </summary>
internal static class CacheEntryFormat
{
    private const byte Version = 2;

    // Ten thousand years: short enough that adding another time to it does not overflow.
    private const long LongestTicks = 10_000 * 366 * TimeSpan.TicksPerDay;

    private const int ChecksumStart = sizeof(byte);
    private const int CheckedStart = ChecksumStart + sizeof(uint);
    private const int StoredAtStart = CheckedStart + sizeof(short);

    /// <summary>The bytes of an entry, which has them already if it was written before.</summary>
    public static byte[] BytesOf(CacheEntry entry) => entry.Stored ?? Write(entry);

    public static byte[] Write(CacheEntry entry)
    {
        var bytes = Begin(entry.Status, entry.FreshFor, entry.Headers, entry.Body.Length, out var bodyStart);
        entry.Body.Span.CopyTo(bytes.AsSpan(bodyStart));
        Finish(bytes, entry.StoredAt);
        return bytes;
    }

    /// <summary>The bytes of an entry that lack the body, at their end, and what <see cref="Finish"/> writes.</summary>
    public static byte[] Begin(int status, TimeSpan freshFor, KeyValuePair<string, StringValues>[] headers, int bodyLength, out int bodyStart)
    {
        bodyStart = LengthOfHead(headers);
        var bytes = new byte[bodyStart + bodyLength];
        var writer = new EntryWriter(bytes);
        writer.Write(Version);
        writer.Write(0); // The checksum.
        writer.Write((short)status);
        writer.Write(0L); // When it was stored.
        writer.Write(freshFor.Ticks);
        writer.Write((short)headers.Length);
        foreach (var (name, values) in headers)
        {
            writer.Write(name);
            writer.Write((short)values.Count);
            foreach (var value in values)
            {
                writer.Write(value ?? "");
            }
        }

        writer.Write(bodyLength);
        return bytes;
    }

    /// <summary>Writes when the entry was stored, and then the checksum of all of it.</summary>
    public static void Finish(byte[] bytes, DateTimeOffset storedAt)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(StoredAtStart), storedAt.UtcTicks);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ChecksumStart), Crc32C.Of(bytes.AsSpan(CheckedStart)));
    }

    public static CacheEntry? Read(byte[] bytes)
    {
        try
        {
            using var stream = new MemoryStream(bytes, writable: false);
            using var reader = new BinaryReader(stream, Encoding.UTF8);
            if (reader.ReadByte() != Version || reader.ReadUInt32() != Crc32C.Of(bytes.AsSpan(CheckedStart)))
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

    private static int LengthOfHead(KeyValuePair<string, StringValues>[] headers)
    {
        var length = StoredAtStart + sizeof(long) + sizeof(long) + sizeof(short) + sizeof(int);
        foreach (var (name, values) in headers)
        {
            length += EntryWriter.LengthOf(name) + sizeof(short);
            foreach (var value in values)
            {
                length += EntryWriter.LengthOf(value ?? "");
            }
        }

        return length;
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
