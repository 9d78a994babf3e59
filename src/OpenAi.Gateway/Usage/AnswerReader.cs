using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Takes from the tokens of a JSON text, one after the other, what an answer tells of itself.</summary>
/// <param name="isTraced">Whether what only a span tells is wanted, too: the answer's id, and why it ended.</param>
/// <param name="hasOutput">Whether such an answer has tokens of output.</param>
internal sealed class AnswerReader(bool isTraced, bool hasOutput)
{
    private const int PartsDepth = 8;
    private const int MaxWordLength = 256;
    private const int MaxFinishReasons = 16;

    private Parts _parts;
    private List<string>? _finishReasons;
    private AnswerPart? _next;
    private AnswerField _field;
    private TokenUsage _usage;
    private long _total;
    private bool _hasUsage;
    private bool _isUnreadable;
    private bool _countsText;

    public bool IsTraced => isTraced;

    /// <summary>How the answer's texts are read. They may be nested deeply: one of the responses API repeats the schemas of its tools.</summary>
    public static JsonReaderOptions Options { get; } = new() { MaxDepth = 256 };

    public TokenUsage? Usage { get; private set; }

    /// <summary>Whether a choice stands in the text that was begun last.</summary>
    public bool HasChoice { get; private set; }

    public string? Model { get; private set; }

    public string? Id { get; private set; }

    public string? ServiceTier { get; private set; }

    /// <summary>Whether it tells an error, whatever its status.</summary>
    public bool HasError { get; private set; }

    public IReadOnlyList<string> FinishReasons => _finishReasons ?? [];

    /// <summary>The bytes of generated text.</summary>
    public long TextBytes { get; private set; }

    /// <summary>Begins a text of its own, whatever became of the one before.</summary>
    /// <param name="part">What it is; a single string is the text itself.</param>
    /// <param name="countsText">Whether the generated text in it counts.</param>
    public void Begin(AnswerPart part, bool countsText)
    {
        _next = part;
        _field = part == AnswerPart.Text ? AnswerField.Text : AnswerField.None;
        _countsText = countsText;
        HasChoice = false;
    }

    /// <summary>Begins with the value of one member.</summary>
    public void BeginAt(AnswerField field) => (_field, _next) = (field, null);

    /// <summary>Begins between the members of an outermost object.</summary>
    /// <param name="part">What the object is.</param>
    public void BeginIn(AnswerPart part) => _parts[0] = part;

    /// <summary>Forgets what the answer told of itself.</summary>
    public void Forget() => (Usage, Model, ServiceTier, HasError) = (null, null, null, false);

    /// <summary>Notes that the answer tells an error.</summary>
    public void NoteError() => HasError = true;

    /// <summary>Takes the token at which the reader stands.</summary>
    /// <param name="json">The reader.</param>
    /// <param name="cutBytes">How many bytes were cut out of the token because it is long.</param>
    public void Take(ref Utf8JsonReader json, long cutBytes = 0)
    {
        var depth = json.CurrentDepth;
        HasError |= _field == AnswerField.Error && json.TokenType != JsonTokenType.Null;
        switch (json.TokenType)
        {
            case JsonTokenType.PropertyName:
                (_field, _next) = AnswerFields.Of(PartAt(depth - 1), json);
                return;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                Enter(depth, _next ?? PartAt(depth - 1), json.TokenType);
                break;
            case JsonTokenType.EndObject when PartAt(depth) == AnswerPart.Usage:
                Usage = _isUnreadable ? null : _hasUsage ? Counted() : Usage;
                break;
            case JsonTokenType.Number when _field >= AnswerField.Input && TryCount(ref json, out var number):
                TakeNumber(number);
                break;
            case not JsonTokenType.Null when _field is AnswerField.Input or AnswerField.Output:
                // What is not known must not count as nothing.
                _isUnreadable = true;
                break;
            case JsonTokenType.String:
                TakeString(ref json, cutBytes);
                break;
        }

        (_field, _next) = (AnswerField.None, null);
    }

    /// <summary>How many bytes an escaped text has: what is written as \u and four digits takes about three.</summary>
    public static int BytesOf(ReadOnlySpan<byte> text) => text.Length - (text.Count("\\u"u8) * 3);

    public void TakeFinishReason(ref Utf8JsonReader json)
    {
        _finishReasons ??= new List<string>(1);
        foreach (var reason in _finishReasons)
        {
            if (json.ValueTextEquals(reason))
            {
                return;
            }
        }

        if (_finishReasons.Count < MaxFinishReasons && Word(ref json, null) is { } added)
        {
            _finishReasons.Add(added);
        }
    }

    private void TakeText(ref Utf8JsonReader json, long cutBytes)
    {
        if (_countsText)
        {
            TextBytes += cutBytes + (json.ValueIsEscaped ? BytesOf(json.ValueSpan) : json.ValueSpan.Length);
        }
    }

    private void TakeString(ref Utf8JsonReader json, long cutBytes)
    {
        switch (_field)
        {
            case AnswerField.Text:
                TakeText(ref json, cutBytes);
                break;
            case AnswerField.Model:
                Model = Word(ref json, Model);
                break;
            case AnswerField.Id when isTraced:
                Id = Word(ref json, Id);
                break;
            case AnswerField.ServiceTier:
                ServiceTier = Word(ref json, ServiceTier);
                break;
            case AnswerField.FinishReason when isTraced:
                TakeFinishReason(ref json);
                break;
            case AnswerField.Status when isTraced && !json.ValueTextEquals("in_progress"u8) && !json.ValueTextEquals("queued"u8):
                TakeFinishReason(ref json);
                break;
        }
    }

    // Some servers count reasoning, or all output, in the total alone; and some tell nothing else of embeddings, which have input only.
    private TokenUsage Counted()
    {
        if (hasOutput)
        {
            return _total > _usage.Total ? _usage with { Output = _total - _usage.Input } : _usage;
        }

        return _usage.Input == 0 ? _usage with { Input = _total } : _usage;
    }

    private void TakeNumber(long number)
    {
        _usage = _field switch
        {
            AnswerField.Input => _usage with { Input = number },
            AnswerField.Output => _usage with { Output = number },
            AnswerField.CachedInput => _usage with { CachedInput = number },
            AnswerField.CacheWriteInput => _usage with { CacheWriteInput = number },
            AnswerField.Reasoning => _usage with { Reasoning = number },
            _ => _usage,
        };
        _total = _field == AnswerField.Total ? number : _total;
        _hasUsage |= _field == AnswerField.Input || (_field == AnswerField.Total && !hasOutput);
    }

    // Some servers write whole numbers as 10.0.
    private static bool TryCount(ref Utf8JsonReader json, out long number)
    {
        if (json.TryGetInt64(out number))
        {
            return number >= 0;
        }

        var isWhole = json.TryGetDecimal(out var value) && value is >= 0 and <= long.MaxValue && value == decimal.Truncate(value);
        number = isWhole ? (long)value : 0;
        return isWhole;
    }

    private void Enter(int depth, AnswerPart part, JsonTokenType token)
    {
        HasChoice |= part == AnswerPart.Choice && token == JsonTokenType.StartObject;
        if (depth < PartsDepth)
        {
            _parts[depth] = part;
        }

        if (part == AnswerPart.Usage)
        {
            (_usage, _total, _hasUsage, _isUnreadable) = (default, 0, false, false);
        }
    }

    private AnswerPart PartAt(int depth) => depth is >= 0 and < PartsDepth ? _parts[depth] : AnswerPart.Other;

    // Keeps the string that is there when it says the same: many events repeat it.
    private static string? Word(ref Utf8JsonReader json, string? old) =>
        json.ValueSpan.Length is 0 or > MaxWordLength || (old is not null && json.ValueTextEquals(old)) ? old : KnownWords.Get(ref json);

    [InlineArray(PartsDepth)]
    private struct Parts
    {
        private AnswerPart _first;
    }
}
