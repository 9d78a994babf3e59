using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ReceivedRequest = OpenAi.Gateway.Testing.UpstreamRequest;

namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class CredentialTests
{
    private const string FromClient = "Authorization: Bearer sk-of-the-client";

    [Theory]
    [InlineData("sk-1", "Bearer sk-1")]
    [InlineData("Bearer sk-1", "Bearer sk-1")]
    [InlineData("Token sk-1", "Token sk-1")]
    [InlineData(" sk-1 ", "Bearer sk-1")]
    public async Task The_key_is_sent_as_Bearer_when_it_has_no_scheme(string key, string expected)
    {
        var request = await ForwardAsync(options => options.ApiKey = key);

        request.Headers.Values("Authorization").ShouldBe([expected]);
    }

    [Fact]
    public async Task A_key_in_another_header_goes_without_a_scheme()
    {
        var request = await ForwardAsync(options =>
        {
            options.ApiKey = "azure-1";
            options.ApiKeyHeader = "api-key";
        });

        (request.Headers["api-key"], request.Headers["Authorization"]).ShouldBe(("azure-1", null));
    }

    [Theory]
    [InlineData("authorization", "Authorization", "Bearer its-key")]
    [InlineData("api-key", "api-key", "its-key")]
    public async Task A_key_goes_without_the_spaces_around_it(string header, string name, string value)
    {
        var request = await ForwardAsync(options => (options.ApiKey, options.ApiKeyHeader) = (" its-key ", header));

        request.Headers[name].ShouldBe(value);
    }

    [Fact]
    public async Task Each_node_gets_its_own_key()
    {
        await using var first = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var second = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options =>
            options.AddNode(first.Address.ToString(), apiKey: "sk-first").AddNode(second.Address.ToString()));

        await gateway.SendAsync(Request.Post());
        await gateway.SendAsync(Request.Post());

        first.Requests.ShouldHaveSingleItem().Headers["Authorization"].ShouldBe("Bearer sk-first");
        second.Requests.ShouldHaveSingleItem().Headers["Authorization"].ShouldBe("Bearer " + GatewayHost.Key);
    }

    [Fact]
    public async Task Without_a_key_the_clients_credentials_still_stay_here()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            options => options.To(upstream),
            build: builder => builder.Services.AddOpenAiUpstream("open", options => options.AddNode(upstream.Address.ToString())),
            use: app => app.MapOpenAiRoute("/open", "open"));

        await gateway.SendAsync(Request.Of("POST", "/open", Request.Json, FromClient, "api-key: mine"));

        upstream.Requests.ShouldHaveSingleItem().Headers.Names.ShouldNotContain(name => name == "Authorization" || name == "api-key");
    }

    [Theory]
    [InlineData("sk-x", "Bearer sk-x")]
    [InlineData("Basic abc", "Basic abc")]
    public async Task A_route_can_set_Authorization_in_place_of_the_key(string value, string expected)
    {
        var request = await ForwardAsync(options => { }, route => route.SetHeader("authorization", value));

        request.Headers.Values("Authorization").ShouldBe([expected]);
    }

    [Fact]
    public async Task A_route_can_remove_the_key()
    {
        var request = await ForwardAsync(options => { }, route => route.RemoveHeader("Authorization"));

        request.Headers["Authorization"].ShouldBeNull();
    }

    [Theory]
    [InlineData(PassHost.Node, null)]
    [InlineData(PassHost.Pass, "gateway")]
    [InlineData(PassHost.Rewrite, "api.example.com:8443")]
    [InlineData(PassHost.Rewrite, "[::1]:8443")]
    [InlineData(PassHost.Rewrite, "xn--bcher-kva.example", "bücher.example")]
    public async Task The_host_is_the_one_that_PassHost_says(PassHost passHost, string? expected, string? setting = null)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream, options =>
        {
            options.PassHost = passHost;
            options.UpstreamHost = setting ?? expected;
        });

        await gateway.SendAsync(Request.Post());

        upstream.Requests.ShouldHaveSingleItem().Headers.Values("Host").ShouldBe([expected ?? upstream.Address.Authority]);
    }

    [Theory]
    [InlineData("xn--bcher-kva.example", "xn--bcher-kva.example")]
    [InlineData("[::1]:8443", "[::1]:8443")]
    [InlineData("a&b", null)]
    [InlineData("a!b", null)]
    [InlineData("", null)]
    public async Task The_clients_host_passes_as_the_client_wrote_it_if_it_is_one(string host, string? expected)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.PassHost = PassHost.Pass);

        (await gateway.SendAsync(Request.Post().Replace("Host: gateway", $"Host: {host}", StringComparison.Ordinal))).Status.ShouldBe(200);

        upstream.Requests.ShouldHaveSingleItem().Headers.Values("Host").ShouldBe([expected ?? upstream.Address.Authority]);
    }

    private static async Task<ReceivedRequest> ForwardAsync(Action<OpenAiUpstreamOptions> configure, Action<OpenAiRouteBuilder>? route = null)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream, configure, route);
        (await gateway.SendAsync(Request.Post(headers: FromClient))).Status.ShouldBe(200);
        return upstream.Requests.ShouldHaveSingleItem();
    }
}
