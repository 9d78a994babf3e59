using System.Text.RegularExpressions;

namespace OpenAi.Gateway.Tests.Docs;

/// <summary>What tests/OpenAi.Gateway.DocSnippets compiles: its Program.cs as a whole, and the regions of its other files.</summary>
internal static partial class Snippets
{
    private const string Folder = "tests/OpenAi.Gateway.DocSnippets";

    public static IReadOnlyDictionary<string, string> All { get; } = Read();

    private static Dictionary<string, string> Read()
    {
        var snippets = new Dictionary<string, string> { ["Program.cs"] = Repository.Read(Folder + "/Program.cs") };
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf(Folder), "*.cs"))
        {
            foreach (Match region in Region().Matches(File.ReadAllText(file).ReplaceLineEndings("\n")))
            {
                snippets.Add(region.Groups["name"].Value, Dedent(region.Groups["text"].Value.Trim('\n')) + "\n");
            }
        }

        return snippets;
    }

    private static string Dedent(string text)
    {
        var lines = text.Split('\n');
        var indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > indent ? line[indent..] : line.Trim()));
    }

    [GeneratedRegex(@"^ *#region (?<name>[^\n]+)\n(?<text>.*?)^ *#endregion", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Region();
}
