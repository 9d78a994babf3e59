using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>The usage of several calls in one: every number is the sum of theirs, those of the details too. What is no number is left out.</summary>
internal sealed class UsageSum
{
    // A decimal holds the sum of as many of them as a request can have calls.
    private const decimal Largest = long.MaxValue;

    private readonly List<Member> _members = [];

    /// <exception cref="JsonException">The text is no JSON object.</exception>
    public void Add(ReadOnlySpan<byte> usage)
    {
        var reader = new Utf8JsonReader(usage);
        reader.Read();
        Add(ref reader);
    }

    public void WriteTo(IBufferWriter<byte> output)
    {
        output.Write("{"u8);
        for (var i = 0; i < _members.Count; i++)
        {
            var member = _members[i];
            output.Write(i > 0 ? ",\""u8 : "\""u8);
            output.Write(member.Name);
            output.Write("\":"u8);
            if (member.Details is { } details)
            {
                details.WriteTo(output);
            }
            else
            {
                output.Write(Encoding.UTF8.GetBytes(member.Number.ToString(CultureInfo.InvariantCulture)));
            }
        }

        output.Write("}"u8);
    }

    private void Add(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                var member = MemberOf(name);
                (member.Details ??= new UsageSum()).Add(ref reader);
            }
            else if (reader.TokenType == JsonTokenType.Number && reader.TryGetDecimal(out var number) && Math.Abs(number) <= Largest)
            {
                MemberOf(name).Number += number;
            }

            reader.Skip();
        }
    }

    private Member MemberOf(ReadOnlySpan<byte> name)
    {
        foreach (var member in _members)
        {
            if (name.SequenceEqual(member.Name))
            {
                return member;
            }
        }

        var added = new Member(name.ToArray());
        _members.Add(added);
        return added;
    }

    private sealed class Member(byte[] name)
    {
        public byte[] Name => name;

        public decimal Number { get; set; }

        public UsageSum? Details { get; set; }
    }
}
