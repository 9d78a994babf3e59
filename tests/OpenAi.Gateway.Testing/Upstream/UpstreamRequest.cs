using System.Text;

namespace OpenAi.Gateway.Testing;

/// <summary>A request as it reached the upstream. <see cref="Body"/> is freed from its chunks, <see cref="Raw"/> is as sent.</summary>
public sealed record UpstreamRequest(string Method, string Target, WireHeaders Headers, byte[] Body, byte[] Raw)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public override string ToString() => $"{Method} {Target}";
}
