using System.Text;

namespace OpenAi.Gateway.Tests.Streams;

/// <summary>
/// A stream as a server sends it. What stands between ⟦ and ⟧ is there only when the request asks for it by <c>include_usage</c>.
/// </summary>
public sealed record RecordedStream(string Name, ModelOperation Operation, string Text, TokenUsage? Usage)
{
    public byte[] With => Encoding.UTF8.GetBytes(Text.Replace("⟦", "").Replace("⟧", ""));

    public byte[] Without
    {
        get
        {
            var text = new StringBuilder();
            var isAdded = false;
            foreach (var character in Text)
            {
                isAdded = character == '⟦' || (isAdded && character != '⟧');
                if (!isAdded && character != '⟧')
                {
                    text.Append(character);
                }
            }

            return Encoding.UTF8.GetBytes(text.ToString());
        }
    }

    public override string ToString() => Name;
}
