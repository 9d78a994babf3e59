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
    private const int ShortestSecret = 8;

    // All but the tab (RFC 9110, 5.5).
    private static readonly SearchValues<char> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(code => code != '\t').Append(127).Select(code => (char)code)]);

    /// <summary>Whether the head can be passed on at all: no interim status (the gateway asks for none), no control character, one real length.</summary>
    public static bool IsValid(HttpResponseMessage answer, long? contentLength) =>
        (int)answer.StatusCode >= StatusCodes.Status200OK
        && IsValid(answer.Headers.NonValidated)
        && IsValid(answer.Content.Headers.NonValidated)
        && (contentLength is not null || !answer.Content.Headers.NonValidated.Contains(HeaderNames.ContentLength));

    public static void CopyHead(HttpResponseMessage answer, HttpResponse response, string? credential)
    {
        response.StatusCode = (int)answer.StatusCode;
        var connection = Values(answer.Headers.NonValidated, HeaderNames.Connection);

        var secret = SecretOf(credential);
        var otherSecrets = OtherSecretsIn(answer.RequestMessage!.Headers.NonValidated, credential);
        var marks = MarksOf(response.Headers);
        Copy(answer.Headers.NonValidated, response.Headers, marks, connection, secret, otherSecrets);
        Copy(answer.Content.Headers.NonValidated, response.Headers, marks, connection, secret, otherSecrets);
        if (response.StatusCode == StatusCodes.Status204NoContent)
        {
            response.ContentLength = null;
        }
    }

    // Not inlined: it is called twice, and one copy of the code fits the processor's cache better.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Copy(
        HttpHeadersNonValidated from,
        IHeaderDictionary to,
        ulong marks,
        StringValues connection,
        ReadOnlySpan<char> secret,
        List<string>? otherSecrets)
    {
        foreach (var (name, values) in from)
        {
            if (HeaderFilter.StopsBeforeClient(name) || HeaderFilter.IsNamedBy(connection, name))
            {
                continue;
            }

            // One that the gateway or the app has set already, such as X-RateLimit-Limit, stays.
            var text = values.ToString();
            if (!Reveals(text, secret) && !RevealsAny(text, otherSecrets) && ((marks & MarkOf(name)) == 0 || !to.ContainsKey(name)))
            {
                to[name] = !Ascii.IsValid(text) ? InAscii(values) : values.Count == 1 ? text : ValuesOf(values);
            }
        }
    }

    // One bit for each of the few headers that are there already, by length and first letter: it saves looking most other names up.
    private static ulong MarksOf(IHeaderDictionary headers)
    {
        if (headers.Count == 0)
        {
            return 0;
        }

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

    // Only the lines that are ASCII, as the server writes no others. Without any line left there is no header.
    private static StringValues InAscii(HeaderStringValues lines) => new([.. lines.Where(static line => Ascii.IsValid(line))]);

    private static bool IsValid(HttpHeadersNonValidated headers)
    {
        foreach (var (name, values) in headers)
        {
            // Few values hold anything but printable ASCII, and checking for that first is cheaper.
            var text = values.ToString().AsSpan();
            if (values.Count > 1 && name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase))
            {
                return false; // Of two lengths, a reader that believes the other one reads another answer (RFC 9112, 6.3).
            }

            if (text.ContainsAnyExceptInRange(' ', '~') && text.ContainsAny(ControlCharacters))
            {
                return false;
            }
        }

        return true;
    }

    // A rule of the route or a transform may have sent another key than the node's, or one more.
    private static List<string>? OtherSecretsIn(HttpHeadersNonValidated sent, string? credential)
    {
        List<string>? others = null;
        foreach (var name in HeaderFilter.HoldingKeys)
        {
            if (sent.TryGetValues(name, out var values) && (values.Count > 1 || values.ToString() != credential))
            {
                (others ??= []).AddRange(values);
            }
        }

        return others;
    }

    // The credential without the scheme that stands before it.
    private static ReadOnlySpan<char> SecretOf(string? credential) =>
        credential is null ? default : credential.AsSpan(credential.IndexOf(' ', StringComparison.Ordinal) + 1);

    // Some servers echo what they were sent. A short secret is not looked for: a dummy key, as for local servers, may stand in any header by chance.
    private static bool Reveals(string text, ReadOnlySpan<char> secret) =>
        secret.Length >= ShortestSecret && text.AsSpan().Contains(secret, StringComparison.Ordinal);

    private static bool RevealsAny(string text, List<string>? secrets)
    {
        for (var i = 0; i < secrets?.Count; i++)
        {
            if (Reveals(text, SecretOf(secrets[i])))
            {
                return true;
            }
        }

        return false;
    }
}
