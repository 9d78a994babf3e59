using System.Text;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>A client that reads its stream piece by piece.</summary>
internal sealed class StreamingClient(HttpResponseMessage response, Stream stream) : IDisposable
{
    private readonly StringBuilder _text = new();

    public string? Cache => response.Headers.NonValidated[CacheHost.StatusHeader].ToString();

    public static async Task<StreamingClient> OpenAsync(HttpClient client, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, CacheHost.Path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new StreamingClient(response, await response.Content.ReadAsStreamAsync());
    }

    public async Task ReadUntilAsync(string text)
    {
        while (!_text.ToString().Contains(text))
        {
            (await ReadAsync()).ShouldBeTrue();
        }
    }

    public async Task<string> ReadToEndAsync()
    {
        while (await ReadAsync())
        {
        }

        return _text.ToString();
    }

    public void Dispose() => response.Dispose();

    private async Task<bool> ReadAsync()
    {
        var buffer = new byte[4096];
        var read = await stream.ReadAsync(buffer);
        _text.Append(Encoding.UTF8.GetString(buffer.AsSpan(0, read)));
        return read > 0;
    }
}
