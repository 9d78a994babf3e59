using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace OpenAi.Gateway;

/// <summary>Reads what <see cref="OpenAiUsageOptions.File"/> was written to, also while it is being written.</summary>
public static class UsageFile
{
    internal const byte EndOfLine = (byte)'\n';

    private const int BlockSize = 64 * 1024;

    /// <summary>The file's records, in the order in which the calls ended. A line that is not whole yet, or never will be, is left out.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The records up to the file's end.</returns>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">A line is not a usage record.</exception>
    public static async IAsyncEnumerable<UsageRecord> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var file = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous | FileOptions.SequentialScan);
        var buffer = new byte[BlockSize];
        long position = 0;
        while (true)
        {
            // A line that the buffer holds in part is read again from its beginning: the writer may have cut it back meanwhile.
            var length = await FillAsync(file, buffer, position, cancellationToken);
            var end = buffer.AsSpan(0, length).LastIndexOf(EndOfLine) + 1;
            if (end == 0)
            {
                if (length < buffer.Length)
                {
                    yield break;
                }

                buffer = new byte[buffer.Length * 2];
                continue;
            }

            for (var start = 0; start < end;)
            {
                var next = start + buffer.AsSpan(start, end - start).IndexOf(EndOfLine) + 1;
                yield return Parse(buffer.AsSpan(start, next - start), path, position + start);
                start = next;
            }

            position += end;
        }
    }

    /// <summary>Where the last whole line ends.</summary>
    internal static long EndOfLastLine(SafeFileHandle file)
    {
        var buffer = new byte[BlockSize];
        for (var end = RandomAccess.GetLength(file); end > 0;)
        {
            var begin = Math.Max(0, end - buffer.Length);
            var block = buffer.AsSpan(0, (int)(end - begin));
            for (var filled = 0; filled < block.Length;)
            {
                var read = RandomAccess.Read(file, block[filled..], begin + filled);
                filled = read > 0 ? filled + read : throw new EndOfStreamException("The file was cut while it was being opened.");
            }

            if (block.LastIndexOf(EndOfLine) is var last and >= 0)
            {
                return begin + last + 1;
            }

            end = begin;
        }

        return 0;
    }

    private static async ValueTask<int> FillAsync(SafeFileHandle file, byte[] buffer, long position, CancellationToken cancellationToken)
    {
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await RandomAccess.ReadAsync(file, buffer.AsMemory(length), position + length, cancellationToken);
            if (read == 0)
            {
                break;
            }

            length += read;
        }

        return length;
    }

    private static UsageRecord Parse(ReadOnlySpan<byte> line, string path, long position)
    {
        try
        {
            return JsonSerializer.Deserialize(line, UsageJson.Default.UsageRecord)
                ?? throw new InvalidDataException($"{path} has no record at byte {position}.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path} has a line that is no usage record, at byte {position}: {error.Message}", error);
        }
    }
}
