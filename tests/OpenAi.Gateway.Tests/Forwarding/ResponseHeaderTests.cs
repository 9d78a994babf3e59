using Microsoft.AspNetCore.Builder;

namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class ResponseHeaderTests
{
    [Theory]
    [InlineData("Set-Cookie: __cf_bm=cdn; path=/", "cdn")]
    [InlineData("Set-Cookie2: session=cdn", "cdn")]
    [InlineData("Alt-Svc: h3=\":443\"", "h3")]
    [InlineData("Strict-Transport-Security: max-age=1", "max-age")]
    [InlineData("Server: cloudflare", "cloudflare")]
    [InlineData("Via: 1.1 cdn", "cdn")]
    [InlineData("NEL: {\"x\":1}", "NEL")]
    [InlineData("Report-To: {\"x\":1}", "Report-To")]
    [InlineData("Clear-Site-Data: \"*\"", "Clear-Site-Data")]
    [InlineData("Service-Worker-Allowed: /", "Service-Worker")]
    [InlineData("Expect-CT: max-age=1", "Expect-CT")]
    [InlineData("Public-Key-Pins-Report-Only: max-age=1", "Public-Key-Pins")]
    [InlineData("Reporting-Endpoints: cdn=\"https://cdn.example/\"", "cdn")]
    [InlineData("Public-Key-Pins: max-age=1", "max-age")]
    [InlineData("Access-Control-Allow-Origin: *", "Access-Control")]
    [InlineData("Access-Control-Allow-Credentials: true", "Access-Control")]
    [InlineData("Access-Control-Allow-Methods: POST", "Access-Control")]
    [InlineData("Access-Control-Allow-Headers: *", "Access-Control")]
    [InlineData("Access-Control-Allow-Private-Network: true", "Access-Control")]
    [InlineData("Access-Control-Expose-Headers: *", "Access-Control")]
    [InlineData("Access-Control-Max-Age: 3600", "Access-Control")]
    [InlineData("Timing-Allow-Origin: *", "Timing-Allow-Origin")]
    [InlineData("Keep-Alive: timeout=7", "timeout=7")]
    [InlineData("Proxy-Authenticate: Basic", "Proxy-Authenticate")]
    [InlineData("Proxy-Authentication-Info: nextnonce=1", "nextnonce")]
    [InlineData("WWW-Authenticate: Bearer", "Bearer")]
    [InlineData("Upgrade: h2", "h2")]
    [InlineData("Trailer: X-T", "Trailer")]
    [InlineData("Connection: X-Hop\r\nX-Hop: 1", "X-Hop")]
    [InlineData("X-Echo: Bearer " + GatewayHost.Key, GatewayHost.Key)]
    [InlineData("X-Echo: <<" + GatewayHost.Key + ">>", GatewayHost.Key)]
    public async Task What_is_between_the_gateway_and_the_upstream_stays_there(string header, string shown)
    {
        var answer = await AnswerAsync(header);

        answer.Status.ShouldBe(200);
        answer.Headers.ToString().ShouldNotContain(shown, Case.Insensitive);
        answer.Text.ShouldBe("{}");
    }

    [Theory]
    [InlineData("Authorization")]
    [InlineData("api-key")]
    [InlineData("X-API-Key")]
    public async Task A_key_that_the_route_set_is_not_echoed_either(string header)
    {
        var answer = await AnswerAsync(
            "X-Echo: <sk-of-the-route>\r\nX-Second: sk-of-a-rule\r\nX-Nodes: " + GatewayHost.Key,
            route => route.SetHeader(header, "sk-of-the-route").AddHeader(header, "sk-of-a-rule"));

        (answer.Headers["X-Echo"], answer.Headers["X-Second"], answer.Headers["X-Nodes"]).ShouldBe((null, null, null));
    }

    [Fact]
    public async Task A_key_that_the_route_set_in_place_of_the_nodes_is_not_echoed()
    {
        var answer = await AnswerAsync("X-Echo: <sk-of-the-route>", route => route.SetHeader("Authorization", "Bearer sk-of-the-route"));

        answer.Headers["X-Echo"].ShouldBeNull();
    }

    [Fact]
    public async Task What_the_gateway_says_itself_stays()
    {
        var answer = await AnswerAsync(
            "X-RateLimit-Limit: 5\r\nX-RateLimit-Remaining: 4\r\nX-RateLimit-Reset: 3\r\nX-Of-Equal-Length: 2",
            route => route.UseLimitCount(limit => (limit.Count, limit.TimeWindow) = (70, TimeSpan.FromMinutes(1))));

        (answer.Headers["X-RateLimit-Limit"], answer.Headers["X-RateLimit-Remaining"], answer.Headers["X-RateLimit-Reset"]).ShouldBe(("70", "69", "60"));
        answer.Headers["X-Of-Equal-Length"].ShouldBe("2", "as long as X-RateLimit-Limit, and another one");
    }

    [Fact]
    public async Task A_header_that_comes_twice_is_sent_twice() =>
        (await AnswerAsync("X-Twice: 1\r\nX-Twice: 2")).RawText.ShouldContain("X-Twice: 1\r\nX-Twice: 2\r\n");

    [Theory]
    [InlineData("x", "next")]
    [InlineData("sk-7777", "sk-7777")]
    [InlineData("sk-88888", null)]
    public async Task A_dummy_for_a_key_hides_no_header_in_which_it_happens_to_stand(string key, string? shown)
    {
        var answer = await AnswerAsync($"X-Echo: {shown ?? key}", configure: options => options.ApiKey = key);

        (answer.Headers["X-Echo"], answer.Headers["Content-Type"]).ShouldBe((shown, "application/json"));
    }

    [Theory]
    [InlineData("x-ratelimit-remaining-requests: 9999")]
    [InlineData("X-RateLimit-Limit: 5")]
    [InlineData("x-request-id: req_1")]
    [InlineData("openai-processing-ms: 12")]
    [InlineData("Retry-After: 7")]
    [InlineData("ETag: \"abc\"")]
    [InlineData("Content-Disposition: attachment; filename=\"a.mp3\"")]
    [InlineData("Content-Encoding: gzip")]
    [InlineData("Cache-Control: no-cache")]
    [InlineData("Location: /v1/elsewhere")]
    [InlineData("X-Empty:")]
    public async Task Every_other_header_reaches_the_client_as_it_is(string header)
    {
        var (name, value) = (header.Split(':')[0], header[(header.IndexOf(':') + 1)..].Trim());

        var answer = await AnswerAsync(header);

        answer.Headers.Values(name).ShouldBe([value]);
    }

    [Fact]
    public async Task A_header_on_two_lines_keeps_both_values() =>
        (await AnswerAsync("X-Two: 1\r\nX-Two: 2")).Headers["X-Two"].ShouldBe("1, 2");

    [Fact]
    public async Task The_gateways_date_and_server_are_not_doubled()
    {
        var answer = await AnswerAsync("Date: Thu, 01 Jan 1970 00:00:00 GMT");

        answer.Headers.Values("Date").ShouldHaveSingleItem().ShouldNotContain("1970");
    }

    [Theory]
    [InlineData("X-Bad: a\u0001b")]
    [InlineData("X-Bad: a\u001fb")]
    [InlineData("X-Bad: a\u007fb")]
    [InlineData("X Bad: a")]
    [InlineData("no colon at all")]
    [InlineData(": no name")]
    public async Task A_header_that_is_none_is_a_broken_answer(string header) =>
        (await AnswerAsync(header)).ShouldBeError(502, "upstream_broken");

    [Fact]
    public async Task A_tab_in_a_header_passes() => (await AnswerAsync("X-Columns: a\tb")).Headers["X-Columns"].ShouldBe("a\tb");

    [Theory]
    [InlineData("X-Folded: a\r\n b")]
    [InlineData("X-Split: a\nX-Injected: b")]
    [InlineData("X-Bad: a\rb")]
    [InlineData("X-Bad: a\0b")]
    public async Task A_line_break_in_a_header_never_reaches_the_client(string header)
    {
        var answer = await AnswerAsync(header);

        answer.End.ShouldBe(RawEnd.Complete);
        answer.Headers.Lines.ShouldAllBe(line => !line.Key.StartsWith(' ') && !line.Value.Any(char.IsControl));
    }

    [Fact]
    public async Task A_header_beyond_ASCII_does_not_break_the_answer()
    {
        var answer = await AnswerAsync("X-Title: Bücher");

        (answer.Status, answer.Text).ShouldBe((200, "{}"));
    }

    [Theory]
    [InlineData("X-Title: B\u00fccher\r\nX-Title: Films\r\nX-Title: Br\u00fccken\r\nX-Title: Games", "Films|Games")]
    [InlineData("X-Title: Films\r\nX-Title: B\u00fccher", "Films")]
    [InlineData("X-Title: B\u00fccher", "")]
    [InlineData("X-Title: B\u00fccher\r\nX-Title: Br\u00fccken", "")]
    [InlineData("X-Title: B\u00fccher\r\nX-Title: Films " + GatewayHost.Key, "")]
    public async Task Only_the_lines_beyond_ASCII_of_a_header_are_left_out(string header, string passed)
    {
        var answer = await AnswerAsync(header);

        (answer.Status, answer.Text, string.Join('|', answer.Headers.Values("X-Title"))).ShouldBe((200, "{}", passed));
    }

    [Fact]
    public async Task A_transform_changes_the_headers_before_they_are_sent()
    {
        var answer = await AnswerAsync("X-Secret: 1", route => route.TransformResponse((context, message) =>
        {
            context.Response.Headers.Remove("X-Secret");
            context.Response.Headers["X-Version"] = message.Version.ToString();
        }));

        (answer.Headers["X-Secret"], answer.Headers["X-Version"]).ShouldBe((null, "1.1"));
    }

    [Theory]
    [InlineData(101)]
    [InlineData(100)]
    public async Task An_interim_answer_is_not_taken_for_the_answer(int status)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteAsync($"HTTP/1.1 {status} Interim\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
            await connection.WriteJsonAsync("{}");
        });
        await using var gateway = await GatewayHost.StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Post());

        answer.Status.ShouldBe(status == 100 ? 200 : 502);
    }

    private static async Task<RawAnswer> AnswerAsync(
        string header, Action<OpenAiRouteBuilder>? route = null, Action<OpenAiUpstreamOptions>? configure = null)
    {
        await using var upstream = ScriptedUpstream.Start(connection =>
            connection.WriteAsync($"HTTP/1.1 200 Scripted\r\n{header}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"));
        await using var gateway = await GatewayHost.StartAsync(upstream, configure, route);
        return await gateway.SendAsync(Request.Post());
    }
}
