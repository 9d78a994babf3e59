using System.Text.RegularExpressions;

namespace OpenAi.Gateway.Tests.Docs;

/// <summary>A fenced block of a document.</summary>
internal sealed partial record MarkdownBlock(string Document, string Language, string Text)
{
    /// <summary>All blocks of a language in all documents.</summary>
    public static IEnumerable<MarkdownBlock> All(string language) =>
        Repository.Documents.SelectMany(In).Where(block => block.Language == language);

    public static IEnumerable<MarkdownBlock> In(string document) => Fence().Matches(Repository.Read(document))
        .Select(match => new MarkdownBlock(document, match.Groups["language"].Value, match.Groups["text"].Value));

    [GeneratedRegex(@"^```(?<language>\w*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
