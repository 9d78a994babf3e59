using System.Text.RegularExpressions;

namespace OpenAi.Gateway.Tests.Docs;

/// <summary>Holds the documents to the code.</summary>
public partial class DocumentTests
{
    [Fact]
    public void Every_csharp_block_is_compiled_in_the_snippets_project()
    {
        foreach (var block in MarkdownBlock.All("csharp"))
        {
            Snippets.All.Values.ShouldContain(block.Text, $"{block.Document} has a C# block that no snippet holds:\n{block.Text}");
        }
    }

    [Fact]
    public void Every_snippet_stands_in_a_document()
    {
        var blocks = MarkdownBlock.All("csharp").Select(block => block.Text).ToHashSet();

        Snippets.All.Where(snippet => !blocks.Contains(snippet.Value)).Select(snippet => snippet.Key).ShouldBeEmpty();
    }

    [Fact]
    public void Every_option_is_in_the_configuration_document_with_its_default()
    {
        var document = Repository.Read("docs/configuration.md");
        foreach (var type in OptionsModel.Types)
        {
            var rows = Rows(Section(document, type.Name)).ToDictionary(cells => cells[0], cells => cells[2]);

            var defaults = OptionsModel.Properties(type).ToDictionary(property => $"`{property.Name}`", OptionsModel.DefaultText);
            rows.ShouldBe(defaults, ignoreOrder: true, type.Name);
        }
    }

    [Fact]
    public void Relative_links_lead_somewhere()
    {
        foreach (var document in Repository.Documents)
        {
            foreach (Match link in Link().Matches(Repository.Read(document)))
            {
                var parts = link.Groups["target"].Value.Split('#');
                var target = parts[0].Length == 0 ? document : Path.Combine(Path.GetDirectoryName(document)!, parts[0]);
                var path = Repository.PathOf(target);
                (File.Exists(path) || Directory.Exists(path)).ShouldBeTrue($"{document} links to {link.Groups["target"].Value}");
                if (parts.Length > 1)
                {
                    Anchors(Repository.Read(target)).ShouldContain(parts[1], $"{document} links to {link.Groups["target"].Value}");
                }
            }
        }
    }

    // The part of a document below the heading that has the word in code.
    private static string Section(string document, string word)
    {
        var match = Regex.Match(document, $@"^(#+) `{word}`.*?(?=^#|\z)", RegexOptions.Multiline | RegexOptions.Singleline);
        match.Success.ShouldBeTrue($"docs/configuration.md has no heading with `{word}`");
        return match.Value;
    }

    private static IEnumerable<string[]> Rows(string section) => section.Split('\n')
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries));

    private static IEnumerable<string> Anchors(string document) => Heading().Matches(document)
        .Select(match => NotInAnchor().Replace(match.Groups["text"].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?<target>(?!\w+:)[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
