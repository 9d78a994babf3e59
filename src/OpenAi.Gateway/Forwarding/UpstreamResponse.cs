using System.Buffers;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using HeaderNames = Microsoft.Net.Http.Headers.HeaderNames;

namespace OpenAi.Gateway;

/// <summary>Copies an answer's status and headers to the client's response.</summary>
internal static class UpstreamResponse
{
    // All but the tab (RFC 9110, 5.5).
    private static readonly SearchValues<char> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(code => code != '\t').Append(127).Select(code => (char)code)]);

    /// <summary>Whether the head can be passed on at all: no interim status (the gateway asks for none), no control character, a real length.</summary>
    public static bool IsValid(HttpResponseMessage answer, long? contentLength) =>
        (int)answer.StatusCode >= StatusCodes.Status200OK
        && IsValid(answer.Headers.NonValidated)
        && IsValid(answer.Content.Headers.NonValidated)
        && (contentLength is not null || !answer.Content.Headers.NonValidated.Contains(HeaderNames.ContentLength));

    public static void CopyHead(HttpResponseMessage answer, HttpResponse response, string? credential)
    {
        response.StatusCode = (int)answer.StatusCode;
        var connection = Values(answer.Headers.NonValidated, HeaderNames.Connection);

        // A rule of the route may have sent another key than the node's.
        var sent = Values(answer.RequestMessage!.Headers.NonValidated, HeaderNames.Authorization).ToString();
        var secret = SecretOf(credential);
        var otherSecret = sent == credential ? default : SecretOf(sent);
        var marks = MarksOf(response.Headers);
        Copy(answer.Headers.NonValidated, response.Headers, marks, connection, secret, otherSecret);
        Copy(answer.Content.Headers.NonValidated, response.Headers, marks, connection, secret, otherSecret);
        if (response.StatusCode == StatusCodes.Status204NoContent)
        {
            response.ContentLength = null;
        }
    }

    // Once in the processor's cache, not twice.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Copy(
        HttpHeadersNonValidated from,
        IHeaderDictionary to,
        ulong marks,
        StringValues connection,
        ReadOnlySpan<char> secret,
        ReadOnlySpan<char> otherSecret)
    {
        foreach (var (name, values) in from)
        {
            if (HeaderFilter.StopsBeforeClient(name) || HeaderFilter.IsNamedBy(connection, name))
            {
                continue;
            }

            // The server writes headers in ASCII alone. One that the gateway or the app has set already, such as X-RateLimit-Limit, stays.
            var text = values.ToString();
            if (Ascii.IsValid(text) && !Reveals(text, secret) && !Reveals(text, otherSecret) && ((marks & MarkOf(name)) == 0 || !to.ContainsKey(name)))
            {
                to[name] = values.Count == 1 ? text : ValuesOf(values);
            }
        }
    }

    // Most names are told from those of the few headers that are there already by their length and first letter.
    private static ulong MarksOf(IHeaderDictionary headers)
    {
        using var there = new HeaderSnapshot(headers);
        var marks = 0UL;
        foreach (var (name, _) in there.Headers)
        {
            marks |= MarkOf(name);
        }

        return marks;
    }

    private static ulong MarkOf(string name) => name is [var first, ..] ? 1UL << ((name.Length * 7) + (first & 31)) : 1;

    private static StringValues Values(HttpHeadersNonValidated headers, string name) =>
        headers.TryGetValues(name, out var values) ? ValuesOf(values) : StringValues.Empty;

    private static StringValues ValuesOf(HeaderStringValues values) =>
        values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]);

    private static bool IsValid(HttpHeadersNonValidated headers)
    {
        foreach (var (_, values) in headers)
        {
            // Few have anything but printable ASCII, which takes less to look for.
            var text = values.ToString().AsSpan();
            if (text.ContainsAnyExceptInRange(' ', '~') && text.ContainsAny(ControlCharacters))
            {
                return false;
            }
        }

        return true;
    }

    // Without the scheme that stands before it.
    private static ReadOnlySpan<char> SecretOf(string? credential) =>
        credential is null ? default : credential.AsSpan(credential.IndexOf(' ', StringComparison.Ordinal) + 1);

    // Some servers echo what they were sent.
    private static bool Reveals(string text, ReadOnlySpan<char> secret) =>
        !secret.IsEmpty && text.AsSpan().Contains(secret, StringComparison.Ordinal);
}
