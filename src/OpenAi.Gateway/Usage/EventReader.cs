using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// Reads the events of a streamed answer. Most of them tell nothing new but a piece of text, so that only the few that can tell more are
/// read whole; in the others, what matters is found by a search.
/// </summary>
internal sealed class EventReader(AnswerReader answer, ModelOperation operation)
{
    // The first event of some servers has neither id nor model.
    private const int MaxHeadEvents = 8;

    private int _headEvents;

    /// <summary>How many events had generated text.</summary>
    public long TextEvents { get; private set; }

    /// <summary>Whether the usage that came last was told beside a piece of the answer, so that more may follow.</summary>
    public bool IsUsageInterim { get; private set; }

    /// <param name="name">The event's name, if it has one.</param>
    /// <param name="data">Its data.</param>
    public void Read(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (name.SequenceEqual("error"u8))
        {
            answer.NoteError();
        }

        data = data[JsonSearch.Skip(data, 0)..];
        if (data is not [(byte)'{', ..])
        {
            return;
        }

        try
        {
            var hasUsage = HasUsage(data);
            if (hasUsage || InBandError.MayBeIn(data) || IsHead())
            {
                ReadWhole(data);
                IsUsageInterim = hasUsage ? answer.HasChoice : IsUsageInterim;
            }

            ReadText(data);
            if (answer.IsTraced)
            {
                ReadFinishReasons(data);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // It is no JSON, or no UTF-8. The next event may be.
        }
    }

    private bool IsHead() => (answer.Model is null || (answer.IsTraced && answer.Id is null)) && _headEvents++ < MaxHeadEvents;

    private static bool HasUsage(ReadOnlySpan<byte> data)
    {
        // With include_usage all other events say that it is null.
        while (JsonSearch.ValueOf(data, "\"usage\""u8, out _) is var value and >= 0)
        {
            data = data[value..];
            if (data is [(byte)'{', ..])
            {
                return true;
            }
        }

        return false;
    }

    // Without the text: an event at the end may repeat all of it.
    private void ReadWhole(ReadOnlySpan<byte> data)
    {
        var json = new LongTextReader(data, isFinalBlock: true, new JsonReaderState(AnswerReader.Options));
        answer.Begin(AnswerPart.Answer, countsText: false);
        while (json.Read())
        {
            answer.Take(ref json.Token);
        }
    }

    private void ReadText(ReadOnlySpan<byte> data)
    {
        var name = operation == ModelOperation.Completions ? "\"text\""u8 : "\"delta\""u8;
        var before = answer.TextBytes;
        while (JsonSearch.ValueOf(data, name, out _) is var value and >= 0)
        {
            data = data[value..];
            if (data is [(byte)'"' or (byte)'{', ..])
            {
                var json = new Utf8JsonReader(data, AnswerReader.Options);
                answer.Begin(AnswerPart.Text, countsText: true);
                do
                {
                    json.Read();
                    answer.Take(ref json);
                }
                while (json.CurrentDepth > 0 || json.TokenType == JsonTokenType.StartObject);

                data = data[(int)json.BytesConsumed..];
            }
        }

        TextEvents += answer.TextBytes > before ? 1 : 0;
    }

    private void ReadFinishReasons(ReadOnlySpan<byte> data)
    {
        while (JsonSearch.ValueOf(data, "\"finish_reason\""u8, out _) is var value and >= 0)
        {
            data = data[value..];
            if (data is [(byte)'"', ..])
            {
                var json = new Utf8JsonReader(data, AnswerReader.Options);
                json.Read();
                answer.TakeFinishReason(ref json);
            }
        }
    }
}
