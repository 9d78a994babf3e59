using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OpenAi.Gateway.Tests.Docs;

/// <summary>The summaries of an assembly's XML documentation, as plain text.</summary>
internal sealed partial class XmlDocumentation(Assembly assembly)
{
    private readonly Dictionary<string, XElement> _members = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"))
        .Descendants("member")
        .ToDictionary(member => member.Attribute("name")!.Value);

    public string SummaryOf(Type type) => Summary("T:" + type.FullName);

    public string SummaryOf(PropertyInfo property) => Summary($"P:{property.DeclaringType!.FullName}.{property.Name}");

    private string Summary(string member) =>
        WhiteSpace().Replace(string.Concat(_members[member].Element("summary")!.Nodes().Select(Text)), " ").Trim();

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see when see.Attribute("cref") is { } reference => ShortName(reference.Value),
        XElement { Name.LocalName: "see" } see => see.Attribute("langword")?.Value ?? "",
        XElement element => element.Value,
        _ => "",
    };

    // "M:OpenAi.Gateway.Consumer.HashPassword(System.String)" becomes "Consumer.HashPassword"; a type or a setting is just its name.
    private static string ShortName(string reference)
    {
        var parts = reference[2..].Split('(')[0].Split('.');
        var isPlain = reference[0] == 'T' || parts[^2].EndsWith("Options", StringComparison.Ordinal);
        return isPlain ? parts[^1] : $"{parts[^2]}.{parts[^1]}";
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
