using System.Text.Json;

namespace OpenAi.Gateway.Tests.Routing;

/// <summary>An answer as a test looks at it.</summary>
internal sealed record RouteAnswer(int Status, string Text, ILookup<string, string> Headers)
{
    /// <summary>The message of an error envelope.</summary>
    public string? Message
    {
        get
        {
            using var json = JsonDocument.Parse(Text);
            var message = json.RootElement.GetProperty("error").GetProperty("message").GetString();
            json.RootElement.GetProperty("error_msg").GetString().ShouldBe(message);
            return message;
        }
    }

    public string? this[string header] => Headers.Contains(header) ? string.Join(", ", Headers[header]) : null;

    public static async Task<RouteAnswer> ReadAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .SelectMany(header => header.Value.Select(value => (header.Key, value)))
            .ToLookup(header => header.Key, header => header.value, StringComparer.OrdinalIgnoreCase);
        return new RouteAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), headers);
    }
}
