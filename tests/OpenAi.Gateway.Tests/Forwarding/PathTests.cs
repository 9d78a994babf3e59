using Microsoft.AspNetCore.Builder;

namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class PathTests
{
    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/v1/models?limit=2&after=a%2Fb%20c+d&empty=&=x&?")]
    [InlineData("/v1/files/a%20b%C3%A9")]
    [InlineData("/v1/models/org%2Fmodel")]
    [InlineData("/v1/models/org%252Fmodel%2541")]
    [InlineData("/v1/models/ft:gpt-4o:org::id@1;x=1,2")]
    [InlineData("/v1/models/a%3Fb%23c%25d")]
    [InlineData("/v1//models/")]
    [InlineData("/v1/models?q=%")]
    public async Task Path_and_query_stay_as_the_client_wrote_them(string target) =>
        (await TargetAsync(target)).ShouldBe(target);

    [Theory]
    [InlineData("/v1/completions", "/v1/anything", "/v1/completions")]
    [InlineData("/v1/completions", "/v1/anything?a=1&b", "/v1/completions?a=1&b")]
    [InlineData("/v1/completions?api-version=2", "/v1/anything", "/v1/completions?api-version=2")]
    [InlineData("/v1/completions?api-version=2", "/v1/anything?a=1", "/v1/completions?api-version=2&a=1")]
    [InlineData("/v1/completions", "/v1/anything?", "/v1/completions")]
    [InlineData("/openai/{**rest}", "/v1/a/b/c?x", "/openai/a/b/c?x")]
    [InlineData("/openai/{rest}/end", "/v1/gpt-4o", "/openai/gpt-4o/end")]
    [InlineData("/openai/{**rest}", "/v1/a%20b%3Fc/d%C3%A9", "/openai/a%20b%3Fc/d%C3%A9")]
    [InlineData("/openai/{**rest}", "/v1/org%2Fmodel", "/openai/org%2Fmodel")]
    [InlineData("/openai/{**rest}", "/v1/org%252Fmodel", "/openai/org%252Fmodel")]
    [InlineData("/openai/{**rest}", "/v1/a%2Fb/%252F/%2541", "/openai/a%2Fb/%252F/%2541")]
    public async Task A_rewritten_path_replaces_the_clients(string template, string target, string expected) =>
        (await TargetAsync(target, route => route.RewritePath(template))).ShouldBe(expected);

    // The server has taken out those that are written plainly.
    [Theory]
    [InlineData("/v1/files/..%2F..%2Fadmin")]
    [InlineData("/v1/files/%252e%252e/%252e%252e/admin")]
    [InlineData("/v1/files/..;/..;x=1/admin")]
    [InlineData("/v1/files/..%5C..%5Cadmin")]
    [InlineData("/v1/files/..\\..\\admin")]
    [InlineData("/v1/files/x%2F..")]
    public async Task A_path_that_leads_elsewhere_is_refused(string target)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Get(target));

        (answer.Status, answer.Text.Contains("\"invalid_path\"")).ShouldBe((400, true), answer.Text);
        upstream.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/v1/files/a..b%2F...%2F.")]
    [InlineData("/v1/files/x?before=..%2F..")]
    public async Task Dots_elsewhere_are_dots(string target) => (await TargetAsync(target)).ShouldBe(target);

    [Theory]
    [InlineData("/team%201/v1/models/org%2Fmodel", "/v1/models/org%2Fmodel")]
    [InlineData("/team%201/v1/models/org%252Fmodel%2541", "/v1/models/org%252Fmodel%2541")]
    public async Task Below_the_apps_base_the_path_stays_as_the_client_wrote_it(string target, string expected)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.To(upstream), use: app =>
        {
            app.UsePathBase("/team 1");
            app.UseRouting();
        });

        (await gateway.SendAsync(Request.Get(target))).Status.ShouldBe(200);

        upstream.Requests.ShouldHaveSingleItem().Target.ShouldBe(expected);
    }

    [Theory]
    [InlineData("", "/v1/models")]
    [InlineData("/", "/v1/models")]
    [InlineData("/openai", "/openai/v1/models")]
    [InlineData("/openai/", "/openai/v1/models")]
    public async Task The_path_goes_below_the_nodes_base_path(string basePath, string expected)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.AddNode(upstream.Address.ToString().TrimEnd('/') + basePath));

        await gateway.SendAsync(Request.Get("/v1/models"));

        upstream.Requests.ShouldHaveSingleItem().Target.ShouldBe(expected);
    }

    [Fact]
    public async Task Requests_with_different_paths_do_not_mix()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync($"\"{connection.Request.Target}\""));
        await using var gateway = await GatewayHost.StartAsync(upstream);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => gateway.Client.GetStringAsync($"/v1/{number}"))).SoonAsync();

        answers.ShouldBe(Enumerable.Range(0, 200).Select(number => $"\"/v1/{number}\""));
    }

    private static async Task<string> TargetAsync(string target, Action<OpenAiRouteBuilder>? route = null)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream, route: route);
        (await gateway.SendAsync(Request.Get(target))).Status.ShouldBe(200);
        return upstream.Requests.ShouldHaveSingleItem().Target;
    }
}
