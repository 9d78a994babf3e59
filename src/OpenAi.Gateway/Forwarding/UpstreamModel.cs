using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Tells the client which model really answers.</summary>
internal static class UpstreamModel
{
    public const string Header = "X-Upstream-Model";

    /// <summary>Sets the header when the upstream was asked for another model than the client named.</summary>
    public static void Tell(HttpResponse response, string? asked, string? sent)
    {
        if (asked is not null && sent is not null && asked != sent && IsPrintable(sent))
        {
            response.Headers[Header] = sent;
        }
    }

    /// <summary>Whether the name can stand in a header: the server writes them in ASCII alone.</summary>
    public static bool IsPrintable(string value) => !value.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
