namespace OpenAi.Gateway;

/// <summary>What can stand in a <c>Host</c> header.</summary>
internal static class HostNames
{
    /// <summary>Whether the text is a host's name or address, with or without a port, and nothing else.</summary>
    public static bool IsHost(string? text) => Uri.TryCreate($"http://{text}/", UriKind.Absolute, out var uri)
        && uri is { AbsolutePath: "/", UserInfo: "", Query: "", Fragment: "" };
}
