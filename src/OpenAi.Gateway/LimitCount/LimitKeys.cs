using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OpenAi.Gateway;

/// <summary>Gives the keys of one limit's requests.</summary>
/// <param name="setting">What the options say.</param>
/// <param name="name">The limit's name; its group's comes in its place when it has one.</param>
/// <param name="kind">Keeps groups of different kinds of limits apart: they count different things.</param>
internal sealed class LimitKeys(in LimitKeySetting setting, string name, string kind = "")
{
    // A value may be the client's choice, as a header is, and is held until its window ends.
    private const int LongestValue = 256;

    private readonly string _name = setting.Group is { } group ? $"{kind}group:{group}" : name;
    private readonly Func<GatewayRequest, string?>? _selector = LimitKeySelector.Create(setting);

    // A value of one kind must not meet an equal one of another kind.
    private string ByKey => field ??= _name + ":key";

    private string ByConsumer => field ??= _name + ":consumer";

    private string ByAddress => field ??= _name + ":address";

    public LimitKey KeyOf(GatewayRequest request)
    {
        var (limit, value) = _selector is null
            ? (ByConsumer, RequestVariables.ConsumerName(request))
            : (ByKey, _selector(request));
        return string.IsNullOrWhiteSpace(value) ? new(ByAddress, RequestVariables.RemoteAddress(request)) : new(limit, Short(value));
    }

    private static string Short(string value) =>
        value.Length <= LongestValue ? value : Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(value.AsSpan())));
}
