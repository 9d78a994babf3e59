using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAi.Gateway.FunctionalTests.WireMock;

/// <summary>The part of WireMock's admin API that the tests use.</summary>
public sealed class WireMockClient(Uri address) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly HttpClient _http = new() { BaseAddress = new Uri(address, "__admin/"), Timeout = Soon.Bound };

    public Uri Address { get; } = address;

    /// <summary>Adds a stub; of two for the same request, the younger one answers.</summary>
    public async Task StubAsync(Stub stub)
    {
        using var answer = await _http.PostAsJsonAsync("mappings", stub.ToMapping(), Json);
        if (answer.StatusCode != HttpStatusCode.Created)
        {
            throw new InvalidOperationException($"WireMock refused the stub: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    /// <summary>Forgets all stubs and the journal.</summary>
    public async Task ResetAsync()
    {
        using var answer = await _http.PostAsync("reset", content: null);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The journal of requests, oldest first.</summary>
    public async Task<IReadOnlyList<ReceivedRequest>> RequestsAsync()
    {
        var journal = await _http.GetFromJsonAsync<Journal>("requests", Json);
        return [.. journal!.Requests.Select(entry => entry.Request).Reverse()];
    }

    public async Task<int> CountAsync(string method, string urlPath)
    {
        using var answer = await _http.PostAsJsonAsync("requests/count", new { method, urlPath }, Json);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("count").GetInt32();
    }

    public async Task<bool> IsHealthyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync("health");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    private sealed record Journal(IReadOnlyList<JournalEntry> Requests);

    private sealed record JournalEntry(ReceivedRequest Request);
}
