using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>A body that the app's middleware has unpacked: the Content-Length is that of the packed one.</summary>
public sealed class UnpackedBodyTests
{
    private const int UpstreamBuffer = 64 * 1024;

    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    [InlineData(UpstreamBuffer)]
    [InlineData(3 * UpstreamBuffer)]
    public async Task Is_sent_whole_whatever_its_length(int length)
    {
        var prompt = $$"""{"prompt":"{{new string('a', length)}}"}""";

        (await SendAsync(Pack(prompt))).ShouldBe(prompt);
    }

    [Fact]
    public async Task Is_sent_whole_when_even_the_packed_one_is_not_held()
    {
        var prompt = $$"""{"prompt":"{{Letters(4 * UpstreamBuffer)}}"}""";
        var packed = Pack(prompt);
        packed.Length.ShouldBeGreaterThan(UpstreamBuffer);

        (await SendAsync(packed)).ShouldBe(prompt);
    }

    [Fact]
    public async Task Is_sent_whole_when_the_packed_one_fills_a_buffer()
    {
        // Memory is rented in powers of two: the bytes that fill it are as many as were announced, and not the end.
        var prompt = Enumerable.Range(100, 400).Select(length => $$"""{"prompt":"{{Letters(length)}}"}""").First(text => Pack(text).Length == 256);

        (await SendAsync(Pack(prompt))).ShouldBe(prompt);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5 * UpstreamBuffer)]
    public async Task That_cannot_be_unpacked_is_answered_400(int intact)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream);
        byte[] packed = [.. Pack(Letters(intact)), 0x1f, 0x8b, .. "and no more of gzip"u8];

        using var answer = await PostAsync(gateway, packed);

        ((int)answer.StatusCode).ShouldBe(400);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("invalid_request_body");
        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Name == "AttemptFailed");
    }

    [Theory]
    [InlineData(UpstreamBuffer)]
    [InlineData(1000)]
    public async Task That_is_larger_than_the_route_allows_is_answered_413(int maxBuffered)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream, maxBuffered, route => route.WithMaxRequestBodySize(5000));
        var allowed = new string('a', 5000);

        using var passed = await PostAsync(gateway, Pack(allowed));
        using var refused = await PostAsync(gateway, Pack(allowed + 'a'));

        ((int)passed.StatusCode, (int)refused.StatusCode).ShouldBe((200, 413));
        (await refused.Content.ReadAsStringAsync()).ShouldContain("request_too_large");
    }

    [Fact]
    public async Task That_is_shorter_than_the_packed_one_is_cached()
    {
        const string Prompt = """{"prompt":"Hi"}""";
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream, route: route => route.UseProxyCache());
        Pack(Prompt).Length.ShouldBeGreaterThan(Prompt.Length);

        using var first = await PostAsync(gateway, Pack(Prompt));
        using var second = await PostAsync(gateway, Pack(Prompt));
        using var other = await PostAsync(gateway, Pack(Prompt.Replace("Hi", "Ho", StringComparison.Ordinal)));

        new[] { first, second, other }.Select(answer => answer.Headers.GetValues("X-Cache-Status").Single()).ShouldBe(["MISS", "HIT", "MISS"]);
    }

    [Fact]
    public async Task That_something_has_read_before_bypasses_the_cache()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream, route: route => route.UseProxyCache(), use: app => app.Use(async (context, next) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await next(context);
        }));

        using var answer = await PostAsync(gateway, Pack("""{"prompt":"Hi"}"""));

        answer.Headers.GetValues("X-Cache-Status").ShouldBe(["BYPASS"]);
    }

    private static string Letters(int length)
    {
        var random = new Random(1);
        return string.Create(length, random, static (letters, source) => source.GetItems("abcdefghijklmnopqrstuvwxyz", letters));
    }

    private static byte[] Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    // Gives what the upstream gets.
    private static async Task<string> SendAsync(byte[] packed)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream);

        using var answer = await PostAsync(gateway, packed);

        ((int)answer.StatusCode).ShouldBe(200);
        var request = upstream.Requests.ShouldHaveSingleItem();
        request.Headers["Content-Encoding"].ShouldBeNull();
        return request.Text;
    }

    private static Task<GatewayHost> StartAsync(
        ScriptedUpstream upstream,
        int maxBuffered = UpstreamBuffer,
        Action<OpenAiRouteBuilder>? route = null,
        Action<WebApplication>? use = null) => GatewayHost.StartOnSocketAsync(
        options => options.To(upstream).MaxBufferedBody = maxBuffered,
        route,
        build: builder => builder.Services.AddRequestDecompression(),
        use: app =>
        {
            app.UseRequestDecompression();
            use?.Invoke(app);
            app.UseRouting(); // So the middleware above does not know the route's limit.
        });

    private static async Task<HttpResponseMessage> PostAsync(GatewayHost gateway, byte[] packed)
    {
        using var content = new ByteArrayContent(packed);
        content.Headers.ContentEncoding.Add("gzip");
        return await gateway.Client.PostAsync(new Uri("/v1/completions", UriKind.Relative), content);
    }
}
