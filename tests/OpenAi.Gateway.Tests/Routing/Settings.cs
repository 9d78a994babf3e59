using System.Text;
using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway.Tests.Routing;

/// <summary>A configuration whose JSON a test replaces while the app runs.</summary>
internal sealed class Settings : ConfigurationProvider, IConfigurationSource
{
    public Settings(string json)
    {
        Data = Parse(json);
        Root = new ConfigurationBuilder().Add(this).Build();
    }

    public IConfigurationRoot Root { get; }

    public IConfigurationSection this[string path] => Root.GetSection(path);

    public void Change(string json)
    {
        Data = Parse(json);
        OnReload();
    }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    private static Dictionary<string, string?> Parse(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return new ConfigurationBuilder().AddJsonStream(stream).Build().AsEnumerable()
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
    }
}
