using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>Copies an answer's status and headers to the client's response.</summary>
internal static class UpstreamResponse
{
    public static void CopyHead(HttpResponseMessage answer, HttpResponse response, string? credential)
    {
        response.StatusCode = (int)answer.StatusCode;
        Copy(answer.Headers.NonValidated, response.Headers, credential);
        Copy(answer.Content.Headers.NonValidated, response.Headers, credential);
        if (response.StatusCode == StatusCodes.Status204NoContent)
        {
            response.ContentLength = null;
        }
    }

    private static void Copy(System.Net.Http.Headers.HttpHeadersNonValidated from, IHeaderDictionary to, string? credential)
    {
        foreach (var (name, values) in from)
        {
            if (HeaderFilter.StopsBeforeClient(name))
            {
                continue;
            }

            var value = values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]);
            if (!Reveals(value, credential))
            {
                // A header that the gateway or the app has set already, such as X-RateLimit-Limit, stays.
                to.TryAdd(name, value);
            }
        }
    }

    // Some servers echo what they were sent.
    private static bool Reveals(StringValues value, string? credential)
    {
        if (credential is null)
        {
            return false;
        }

        var secret = credential.AsSpan(credential.IndexOf(' ', StringComparison.Ordinal) + 1);
        foreach (var line in value)
        {
            if (line is not null && line.Length >= secret.Length && line.AsSpan().Contains(secret, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
