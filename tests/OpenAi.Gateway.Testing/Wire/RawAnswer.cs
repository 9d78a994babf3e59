using System.Text;

namespace OpenAi.Gateway.Testing;

/// <summary>An answer as it came. <see cref="Body"/> is freed from its chunks; without a head, <see cref="Status"/> is 0.</summary>
public sealed record RawAnswer(int Status, WireHeaders Headers, byte[] Body, byte[] Raw, RawEnd End)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string RawText => Encoding.UTF8.GetString(Raw);
}
