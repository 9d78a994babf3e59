using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>An upstream's section. A configuration tells of any change anywhere in it; this one knows which are the section's.</summary>
internal sealed class UpstreamSection(string name, IConfiguration section) : IOptionsChangeTokenSource<OpenAiUpstreamOptions>
{
    private KeyValuePair<string, string?>[]? _values;

    public string Name => name;

    public IChangeToken GetChangeToken()
    {
        _values ??= Read();
        return section.GetReloadToken();
    }

    /// <summary>Whether it holds something else than when it was looked at last.</summary>
    public bool HasChanged()
    {
        var now = Read();
        return !now.SequenceEqual(Interlocked.Exchange(ref _values, now) ?? []);
    }

    private KeyValuePair<string, string?>[] Read() => [.. section.AsEnumerable(makePathsRelative: true)];
}
