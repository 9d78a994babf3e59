using ReceivedRequest = OpenAi.Gateway.Testing.UpstreamRequest;

namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class RequestHeaderTests
{
    [Theory]
    [InlineData("Authorization: Basic dXNlcm5hbWUxOnBhc3N3b3JkMQ==", "dXNlcm5hbWUx")]
    [InlineData("Proxy-Authorization: Basic c2VjcmV0", "c2VjcmV0")]
    [InlineData("api-key: of-the-client", "of-the-client")]
    [InlineData("X-API-Key: of-the-client", "of-the-client")]
    [InlineData("Cookie: session=client", "session=client")]
    [InlineData("Cookie2: session=client", "session=client")]
    [InlineData("X-Forwarded-For: 203.0.113.7", "203.0.113.7")]
    [InlineData("X-Forwarded-Proto: https", "X-Forwarded")]
    [InlineData("x-forwarded-anything: else", "else")]
    [InlineData("X-Original-For: [::1]:51234", "51234")]
    [InlineData("X-Original-Proto: http", "X-Original")]
    [InlineData("x-original-host: intranet", "intranet")]
    [InlineData("X-Original-URL: /intranet", "intranet")]
    [InlineData("Forwarded: for=203.0.113.7", "203.0.113.7")]
    [InlineData("X-Real-IP: 203.0.113.7", "203.0.113.7")]
    [InlineData("X-Client-IP: 203.0.113.7", "203.0.113.7")]
    [InlineData("True-Client-IP: 203.0.113.7", "203.0.113.7")]
    [InlineData("CF-Connecting-IP: 203.0.113.7", "203.0.113.7")]
    [InlineData("CF-Connecting-IPv6: 2001:db8::7", "2001:db8::7")]
    [InlineData("X-Consumer-Username: admin", "admin")]
    [InlineData("X-MS-TOKEN-AAD-ACCESS-TOKEN: of-the-user", "of-the-user")]
    [InlineData("X-MS-CLIENT-PRINCIPAL-NAME: alice@example.com", "alice")]
    [InlineData("X-Amzn-Oidc-Accesstoken: of-the-user", "of-the-user")]
    [InlineData("X-Auth-Request-Access-Token: of-the-user", "of-the-user")]
    [InlineData("X-Goog-IAP-JWT-Assertion: of-the-user", "of-the-user")]
    [InlineData("X-Goog-Authenticated-User-Email: alice@example.com", "alice")]
    [InlineData("Cf-Access-Jwt-Assertion: of-the-user", "of-the-user")]
    [InlineData("X-ARR-ClientCert: bWUtYW5kLW15LWtleQ", "bWUtYW5kLW15LWtleQ")]
    [InlineData("X-Client-Cert: bWUtYW5kLW15LWtleQ", "bWUtYW5kLW15LWtleQ")]
    [InlineData("X-MS-Client-Principal: YWxpY2U", "YWxpY2U")]
    [InlineData("X-Rewrite-URL: /intranet", "intranet")]
    [InlineData("X-HTTP-Method-Override: DELETE", "DELETE")]
    [InlineData("X-HTTP-Method: DELETE", "DELETE")]
    [InlineData("X-Method-Override: DELETE", "DELETE")]
    [InlineData("Origin: https://intranet", "intranet")]
    [InlineData("Via: 1.1 proxy", "1.1 proxy")]
    [InlineData("Referer: https://intranet/", "intranet")]
    [InlineData("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af765")]
    [InlineData("tracestate: vendor=trace", "vendor=trace")]
    [InlineData("baggage: user=alice", "alice")]
    [InlineData("Request-Id: |0af765.1.", "0af765")]
    [InlineData("Correlation-Context: user=alice", "alice")]
    [InlineData("Accept-Encoding: gzip, br", "gzip")]
    [InlineData("TE: trailers", "trailers")]
    [InlineData("Keep-Alive: timeout=5", "timeout=5")]
    [InlineData("Proxy-Connection: keep-alive", "Proxy-Connection")]
    [InlineData("Upgrade: h2c", "h2c")]
    [InlineData("HTTP2-Settings: AAMAAABkAAQAoAAA", "AAMAAABk")]
    [InlineData("Expect: 100-continue", "100-continue")]
    public async Task What_is_the_clients_own_business_stays_here(string header, string shown)
    {
        var request = await ForwardAsync(Request.Post(headers: header));

        request.Headers.ToString().ShouldNotContain(shown, Case.Insensitive);
        request.Text.ShouldBe(Request.Json);
    }

    // Beside "keep-alive", "close" or "upgrade" the server itself hides the other names.
    [Fact]
    public async Task Headers_that_Connection_names_stay_here()
    {
        var request = await ForwardAsync(Request.Post(
            headers: ["Connection: X-Hop, x-other-hop", "X-Hop: 1", "X-Other-Hop: 2", "X-Stays: 3"]));

        (request.Headers["X-Hop"], request.Headers["X-Other-Hop"], request.Headers["X-Stays"]).ShouldBe((null, null, "3"));
        request.Headers["Connection"].ShouldBeNull();
    }

    [Theory]
    [InlineData("OpenAI-Beta: assistants=v2")]
    [InlineData("OpenAI-Organization: org-1")]
    [InlineData("x-ms-client-request-id: 1")]
    [InlineData("x-goog-user-project: p")]
    [InlineData("X-Stainless-Lang: csharp")]
    [InlineData("User-Agent: OpenAI/2.15.0 (.NET 10; Debian), (odd) agent")]
    [InlineData("Accept: text/event-stream")]
    [InlineData("Idempotency-Key: a b  c")]
    [InlineData("Content-Encoding: gzip")]
    [InlineData("X-Empty:")]
    public async Task Every_other_header_arrives_as_it_is(string header)
    {
        var (name, value) = (header.Split(':')[0], header[(header.IndexOf(':') + 1)..].Trim());

        var request = await ForwardAsync(Request.Post(headers: header));

        request.Headers.Values(name).ShouldBe([value]);
    }

    [Fact]
    public async Task A_header_beyond_ASCII_arrives_and_does_not_hurt_the_node()
    {
        var request = await ForwardAsync(Request.Post(headers: "X-Title: Bücher 書"));

        request.Headers["X-Title"].ShouldBe("Bücher 書");
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", Request.Json, "application/json")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-8", "  \n[1]", "application/json")]
    [InlineData("application/x-www-form-urlencoded", "prompt=hello", "application/x-www-form-urlencoded")]
    [InlineData(null, Request.Json, "application/json")]
    [InlineData(null, "hello", null)]
    [InlineData("text/plain", Request.Json, "text/plain")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\n", "multipart/form-data; boundary=x")]
    public async Task Curls_content_type_is_put_right_and_no_other(string? contentType, string body, string? expected)
    {
        string[] headers = contentType is null ? [] : [$"Content-Type: {contentType}"];

        var request = await ForwardAsync(Request.Post(body, headers));

        request.Headers["Content-Type"].ShouldBe(expected);
    }

    [Fact]
    public async Task A_route_sets_adds_and_removes_headers()
    {
        var request = await ForwardAsync(
            Request.Post(headers: ["X-Set: client", "X-Add: client", "X-Remove: client", "Content-Type: text/plain"]),
            route => route.SetHeader("X-Set", "route").AddHeader("X-Add", "route").RemoveHeader("x-remove")
                .SetHeader("Content-Type", "application/json").SetHeader("X-New", "new"));

        request.Headers["X-Set"].ShouldBe("route");
        request.Headers["X-Add"].ShouldBe("client, route");
        request.Headers["X-Remove"].ShouldBeNull();
        request.Headers["X-New"].ShouldBe("new");
        request.Headers.Values("Content-Type").ShouldBe(["application/json"]);
    }

    [Fact]
    public async Task A_transform_has_the_last_word()
    {
        var request = await ForwardAsync(
            Request.Post(headers: "X-Tenant: 1"),
            route => route.SetHeader("X-Set", "rule").TransformRequest((context, message) =>
            {
                message.Headers.Remove("X-Set");
                message.Headers.Add("X-Tenant-Name", "tenant " + context.Request.Headers["X-Tenant"]);
            }));

        (request.Headers["X-Set"], request.Headers["X-Tenant-Name"]).ShouldBe((null, "tenant 1"));
    }

    private static async Task<ReceivedRequest> ForwardAsync(string request, Action<OpenAiRouteBuilder>? route = null)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream, route: route);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(request);
        var head = await client.ReadUntilAsync("\r\n\r\n");
        if (head.StartsWith("HTTP/1.1 100", StringComparison.Ordinal))
        {
            head = await client.ReadUntilAsync("\r\n\r\n");
        }

        head.ShouldStartWith("HTTP/1.1 200 OK");
        return upstream.Requests.ShouldHaveSingleItem();
    }
}
