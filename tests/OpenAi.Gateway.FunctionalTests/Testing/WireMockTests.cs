using System.Diagnostics;
using System.Net.Http.Json;
using OpenAi.Gateway.FunctionalTests.WireMock;

namespace OpenAi.Gateway.FunctionalTests.Testing;

[Collection(WireMockServer.Collection)]
public sealed class WireMockTests(WireMockServer wireMock) : IAsyncLifetime
{
    private const string Path = "/v1/completions";
    private readonly HttpClient _client = new() { BaseAddress = wireMock.Address };

    public async ValueTask InitializeAsync() => await wireMock.Api.ResetAsync();

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Answers_with_the_stub()
    {
        await wireMock.Api.StubAsync(new Stub("POST", Path)
        {
            Status = 429,
            Headers = new Dictionary<string, string> { ["Content-Type"] = "application/json", ["Retry-After"] = "7" },
            Body = """{"error": {"message": "Übel {{x}}"}}""",
        });

        using var answer = await _client.PostAsync($"{Path}?x=y", content: null);

        ((int)answer.StatusCode, answer.Headers.RetryAfter!.ToString()).ShouldBe((429, "7"));
        (await answer.Content.ReadAsStringAsync()).ShouldBe("""{"error": {"message": "Übel {{x}}"}}""");
        using var other = await _client.GetAsync(Path);
        ((int)other.StatusCode).ShouldBe(404);
    }

    [Fact]
    public async Task Keeps_a_journal_until_it_is_reset()
    {
        using var first = new HttpRequestMessage(HttpMethod.Post, $"{Path}?n=1") { Content = JsonContent.Create("one") };
        first.Headers.Add("X-Two", ["a", "b"]);
        using var firstAnswer = await _client.SendAsync(first);
        using var secondAnswer = await _client.PostAsJsonAsync(Path, "two");

        var requests = await wireMock.Api.RequestsAsync();

        requests.Select(request => $"{request.Method} {request.Url} {request.Body}")
            .ShouldBe([$"POST {Path}?n=1 \"one\"", $"POST {Path} \"two\""]);
        (requests[0].Header("x-two"), requests[1].Header("x-two")).ShouldBe(("a, b", null));
        (await wireMock.Api.CountAsync("POST", Path)).ShouldBe(2);
        (await wireMock.Api.CountAsync("GET", Path)).ShouldBe(0);
        await wireMock.Api.ResetAsync();
        (await wireMock.Api.RequestsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Waits_before_the_answer()
    {
        await wireMock.Api.StubAsync(new Stub("GET", Path) { FixedDelay = TimeSpan.FromMilliseconds(300) });
        var clock = Stopwatch.StartNew();

        using var answer = await _client.GetAsync(Path);

        clock.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(290));
    }

    [Fact]
    public async Task Dribbles_the_body()
    {
        await wireMock.Api.StubAsync(new Stub("GET", Path) { Body = "0123456789", Dribble = (5, TimeSpan.FromMilliseconds(500)) });
        await using var client = await RawHttp.ConnectAsync(wireMock.Address);
        var clock = Stopwatch.StartNew();

        await client.SendAsync($"GET {Path} HTTP/1.1\r\nHost: wiremock\r\n\r\n");
        var answer = await client.ReadAnswerAsync();

        (answer.Status, answer.Text, answer.End).ShouldBe((200, "0123456789", RawEnd.Complete));
        answer.RawText.ShouldContain("\r\n01\r\n");
        clock.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(350));
    }

    [Theory]
    [InlineData(Fault.EmptyResponse, RawEnd.ClosedEarly)]
    [InlineData(Fault.ConnectionResetByPeer, RawEnd.Reset)]
    public async Task Breaks_off_without_a_byte(Fault fault, RawEnd end)
    {
        await wireMock.Api.StubAsync(new Stub("GET", Path) { Fault = fault });

        var answer = await RawHttp.ExchangeAsync(wireMock.Address, $"GET {Path} HTTP/1.1\r\nHost: wiremock\r\n\r\n");

        (answer.Raw.Length, answer.End).ShouldBe((0, end));
    }

    [Fact]
    public async Task Sends_a_malformed_chunk()
    {
        await wireMock.Api.StubAsync(new Stub("GET", Path) { Fault = Fault.MalformedResponseChunk });

        using var answer = await _client.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);

        ((int)answer.StatusCode).ShouldBe(200);
        await Should.ThrowAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Sends_garbage()
    {
        await wireMock.Api.StubAsync(new Stub("GET", Path) { Fault = Fault.RandomDataThenClose });

        await Should.ThrowAsync<HttpRequestException>(() => _client.GetAsync(Path));
    }
}
