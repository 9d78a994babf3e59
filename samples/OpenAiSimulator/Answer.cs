using System.Text.RegularExpressions;

namespace OpenAiSimulator;

/// <summary>The text for one choice. Here a token is a word with the white space before it.</summary>
internal sealed partial record Answer(IReadOnlyList<string> Tokens, string FinishReason)
{
    private const string WalkthroughPrompt = "Write a brief product description for Apple 13 pro";

    // 109 words, as many as the walkthrough's answer has tokens.
    private const string ProductDescription =
        "The Apple 13 Pro is a light and quiet laptop for people who carry their work with them. " +
        "Its 13 inch display shows sharp text and true colors, in a bright room and in a dark one. " +
        "A fast processor opens large files at once, and 16 GB of memory keep many programs ready side by side. " +
        "The battery lasts a full working day, and half an hour at the plug is enough for the way home. " +
        "Two ports take a second screen, a drive or a camera without any adapter. " +
        "The case is made of recycled aluminium, and every part that wears out can be replaced at home.";

    public string Text => string.Concat(Tokens);

    public static Answer To(string prompt, int choice, int? maxTokens)
    {
        var text = prompt.Trim() == WalkthroughPrompt ? ProductDescription : $"The simulator was asked: {prompt.Trim()}";
        var tokens = Split("\n\n" + (choice == 0 ? text : $"{text} (version {choice + 1})"));
        return maxTokens < tokens.Length ? new(tokens[..maxTokens.Value], "length") : new(tokens, "stop");
    }

    public static int CountTokens(string text) => Split(text).Length;

    private static string[] Split(string text) => [.. Token().Matches(text).Select(match => match.Value)];

    [GeneratedRegex(@"\s*\S+")]
    private static partial Regex Token();
}
