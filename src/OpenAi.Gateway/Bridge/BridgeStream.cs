using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// Makes one stream of a text completion of the streams of chats that answer a request's prompts, event by event. Not safe for several
/// threads: the calls' events come one after the other.
/// </summary>
internal sealed class BridgeStream(BridgeRequest request, TimeProvider time)
{
    private readonly ArrayBufferWriter<byte> _event = new(512);
    private readonly ArrayBufferWriter<byte> _head = new(128);
    private readonly LegacyChoices _choices = new(request);
    private readonly byte[]?[] _usages = new byte[]?[request.Prompts];
    private readonly bool[] _hasEnded = new bool[request.Prompts];
    private int _open = request.Prompts;

    /// <summary>Whether every call's stream has come to its <c>[DONE]</c>.</summary>
    public bool HasEnded => _open == 0;

    /// <summary>Whether an upstream's error was written, which ends the stream.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether a call's stream has come to its <c>[DONE]</c>.</summary>
    public bool IsWhole(int call) => _hasEnded[call];

    /// <summary>
    /// Writes the legacy event for one event of a call; nothing for one that waits for the other calls, that tells a usage nobody asked for,
    /// or that comes behind an end. <see langword="false"/> when the event does not belong to a chat's stream: nothing is written then.
    /// </summary>
    /// <param name="call">The number of the prompt that the call answers.</param>
    /// <param name="found">The event.</param>
    /// <param name="output">Where to.</param>
    public bool TryWrite(int call, SseEvent found, IBufferWriter<byte> output)
    {
        if (_hasEnded[call] || HasFailed)
        {
            return true;
        }

        if (found.Data.IsEmpty)
        {
            return TryWriteComment(found.Raw, output);
        }

        _event.ResetWrittenCount();
        try
        {
            if (found.Data.SequenceEqual("[DONE]"u8))
            {
                End(call);
            }
            else
            {
                Write(call, found.Name, found.Data.Contains((byte)'\n') ? OneLine(found.Data) : found.Data);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The latter is a name that is no Unicode.
            return false;
        }

        output.Write(_event.WrittenSpan);
        return true;
    }

    // A comment keeps the connection alive; other lines without data say nothing. Anything else, such as a piece of an event that was too long, is refused.
    private static bool TryWriteComment(ReadOnlySpan<byte> raw, IBufferWriter<byte> output)
    {
        var isComment = true;
        foreach (var range in raw.SplitAny("\r\n"u8))
        {
            var line = raw[range];
            var isField = line.StartsWith("id:"u8) || line.StartsWith("retry:"u8) || line.StartsWith("event:"u8) || line.SequenceEqual("data:"u8);
            if (!isField && line is not ([] or [(byte)':', ..]))
            {
                return false;
            }

            isComment &= !isField;
        }

        if (raw is not [.., (byte)'\r' or (byte)'\n'])
        {
            return false;
        }

        output.Write(isComment ? raw : default);
        return true;
    }

    private void Write(int call, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (name.SequenceEqual("error"u8))
        {
            _event.Write("event: error\n"u8);
            WriteError(data);
            return;
        }

        var chat = ChatEnvelope.Read(data);
        if (!chat.Error.IsEmpty)
        {
            WriteError(data);
            return;
        }

        JsonPiece.Expect(!chat.Choices.IsEmpty || !chat.Usage.IsEmpty);
        if (chat.IsLegacy && request.Prompts == 1)
        {
            _event.Write("data: "u8);
            _event.Write(data);
            _event.Write("\n\n"u8);
            return;
        }

        if (_head.WrittenCount == 0)
        {
            LegacyHead.Write(chat, request, time, _head);
        }

        var hasUsage = !chat.Usage.IsEmpty;
        if (hasUsage && request.Prompts > 1)
        {
            _usages[call] = chat.Usage.ToArray(); // The last one counts; an upstream may tell more than one.
        }

        var isUsageOnly = hasUsage && (chat.Choices.IsEmpty || chat.Choices[1..^1].Trim(JsonSearch.Whitespace).IsEmpty);
        if (isUsageOnly && (request.Prompts > 1 || !request.AsksForUsage))
        {
            return;
        }

        _event.Write("data: "u8);
        _event.Write(_head.WrittenSpan);
        _event.Write(",\"choices\":["u8);
        var count = 0;
        if (!chat.Choices.IsEmpty)
        {
            _choices.Write(call, chat.Choices, isStream: true, ref count, _event);
        }

        _event.Write("]"u8);
        if (request.AsksForUsage)
        {
            _event.Write(",\"usage\":"u8);
            _event.Write(hasUsage && request.Prompts == 1 ? chat.Usage : "null"u8);
        }

        chat.CopyOthers(_event);
        _event.Write("}\n\n"u8);
    }

    private void WriteError(ReadOnlySpan<byte> data)
    {
        HasFailed = true;
        _event.Write("data: "u8);
        BridgeError.Write(data, _event);
        _event.Write("\n\n"u8);
    }

    private void End(int call)
    {
        _hasEnded[call] = true;
        if (--_open > 0)
        {
            return;
        }

        if (request.Prompts > 1 && request.AsksForUsage && Array.TrueForAll(_usages, usage => usage is not null))
        {
            var sum = new UsageSum();
            foreach (var usage in _usages)
            {
                sum.Add(usage);
            }

            _event.Write("data: "u8);
            _event.Write(_head.WrittenSpan);
            _event.Write(",\"choices\":[],\"usage\":"u8);
            sum.WriteTo(_event);
            _event.Write("}\n\n"u8);
        }

        _event.Write("data: [DONE]\n\n"u8);
    }

    // In JSON, a line can only break between two values.
    private static byte[] OneLine(ReadOnlySpan<byte> data)
    {
        var line = data.ToArray();
        line.AsSpan().Replace((byte)'\n', (byte)' ');
        return line;
    }
}
