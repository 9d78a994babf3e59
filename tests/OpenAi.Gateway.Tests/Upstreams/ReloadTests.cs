using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Tests.Forwarding;

namespace OpenAi.Gateway.Tests.Upstreams;

/// <summary>An upstream that comes from configuration follows its changes while the app runs.</summary>
public sealed class ReloadTests
{
    [Fact]
    public async Task A_change_moves_the_calls_and_drops_no_stream_in_flight()
    {
        await using var before = ScriptedUpstream.Start();
        await using var after = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"after\""));
        var configuration = Configuration(before.Address.ToString());
        await using var gateway = await StartAsync(configuration);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        var stream = await before.NextRequestAsync();
        await stream.StartSseAsync();
        await stream.WriteEventAsync("1");
        await client.ReadUntilAsync("data: 1\n\n");

        Set(configuration, ("Nodes:0:Address", after.Address.ToString()), ("ApiKey", "sk-after"), ("ConnectTimeout", "00:00:03"));

        (await gateway.SendAsync(Request.Post())).Text.ShouldBe("\"after\"");
        after.Requests.ShouldHaveSingleItem().Headers["Authorization"].ShouldBe("Bearer sk-after");
        await stream.WriteEventAsync("[DONE]");
        await stream.EndChunksAsync();
        (await client.ReadUntilAsync("0\r\n\r\n")).ShouldContain("data: [DONE]\n\n");
        gateway.Logs.Entries.ShouldContain(entry => entry.EventId.Id == 1101);
        gateway.Logs.Mentioning("sk-after").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Nodes:0:Address", "no scheme", "Address")]
    [InlineData("Nodes:0:Weight", "many", "Weight")]
    [InlineData("Retries", "-1", "Retries")]
    [InlineData("Timeout", "soon", "Timeout")]
    [InlineData("ApiKey", "", "ApiKey")]
    [InlineData("Fallbacks:0:Upstream", "unknown", "unknown")]
    [InlineData("Fallbacks:0:Upstream", "configured", "itself")]
    [InlineData("Fallbacks:0:Upstrem", "openai", "Upstrem")]
    [InlineData("ApiKeys:0", "", "ApiKeys")]
    [InlineData("Nods:0:Address", "http://127.0.0.1", "Nods")]
    public async Task A_wrong_change_is_refused_whole_and_logged(string setting, string value, string named)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var other = ScriptedUpstream.Start();
        var configuration = Configuration(upstream.Address.ToString());
        await using var gateway = await StartAsync(configuration);

        Set(configuration, ("Nodes:1:Address", other.Address.ToString()), (setting, value));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);
        upstream.Requests.Count.ShouldBe(2);
        var refused = await gateway.Logs.WhenLoggedAsync(entry => entry.EventId.Id == 1102);
        (refused.Level, refused.Message.Contains(named, StringComparison.Ordinal)).ShouldBe((LogLevel.Error, true), refused.Message);
    }

    [Fact]
    public async Task After_a_refused_change_a_right_one_is_taken()
    {
        await using var before = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"before\""));
        await using var after = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"after\""));
        var configuration = Configuration(before.Address.ToString());
        await using var gateway = await StartAsync(configuration);

        Set(configuration, ("Nodes:0:Address", "wrong"));
        (await gateway.SendAsync(Request.Post())).Text.ShouldBe("\"before\"");
        Set(configuration, ("Nodes:0:Address", after.Address.ToString()));

        (await gateway.SendAsync(Request.Post())).Text.ShouldBe("\"after\"");
    }

    [Fact]
    public async Task Whatever_a_change_throws_is_logged_and_the_last_good_one_stays()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        var configuration = Configuration(upstream.Address.ToString());
        await using var gateway = await StartAsync(configuration, also: options =>
        {
            if (options.Cooldown == TimeSpan.FromHours(1))
            {
                throw new NotSupportedException("The app wants no such Cooldown.");
            }
        });

        Set(configuration, ("Cooldown", "01:00:00"));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);
        (await gateway.Logs.WhenLoggedAsync(entry => entry.EventId.Id == 1102)).Message.ShouldContain("no such Cooldown");
    }

    [Fact]
    public async Task A_change_elsewhere_leaves_the_upstream_and_its_rests_as_they_are()
    {
        await using var bad = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        var configuration = Configuration(bad.Address.ToString());
        Set(configuration, ("Nodes:1:Address", good.Address.ToString()), ("Cooldown", "01:00:00"));
        await using var gateway = await StartAsync(configuration);
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);

        configuration["Other:Setting"] = "changed";
        configuration.Reload();
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);
        bad.Requests.Count.ShouldBe(1);
        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1101);

        Set(configuration, ("Cooldown", "02:00:00"));
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);
        bad.Requests.Count.ShouldBe(2);
        gateway.Logs.Entries.Count(entry => entry.EventId.Id == 1101).ShouldBe(1);
    }

    [Fact]
    public async Task Fallbacks_keys_and_models_come_with_the_configuration()
    {
        await using var failing = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"other\""));
        var configuration = Configuration(failing.Address.ToString());
        await using var gateway = await StartAsync(configuration, options => options.To(other).Nodes.RemoveAt(0));
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);

        Set(configuration, ("Fallbacks:0:Upstream", "openai"), ("Fallbacks:0:Models:gpt-4o-mini", "mine"), ("ApiKeys:0", "sk-second"));
        (await gateway.SendAsync(Request.Post())).Text.ShouldBe("\"other\"");

        other.Requests.ShouldHaveSingleItem().Text.ShouldContain("\"mine\"");
        gateway.Logs.Mentioning("sk-second").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_section_needs_no_key()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(Configuration(upstream.Address.ToString(), key: null));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);

        upstream.Requests.ShouldHaveSingleItem().Headers["Authorization"].ShouldBeNull();
    }

    private static IConfigurationRoot Configuration(string address, string? key = "sk-before")
    {
        var values = new Dictionary<string, string?> { ["Gateway:Nodes:0:Address"] = address };
        if (key is not null)
        {
            values["Gateway:ApiKey"] = key;
        }

        return new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }

    private static void Set(IConfigurationRoot configuration, params (string Name, string Value)[] values)
    {
        foreach (var (name, value) in values)
        {
            configuration["Gateway:" + name] = value;
        }

        configuration.Reload();
    }

    private static Task<GatewayHost> StartAsync(
        IConfiguration configuration, Action<OpenAiUpstreamOptions>? configure = null, Action<OpenAiUpstreamOptions>? also = null) => GatewayHost.StartOnSocketAsync(
        options =>
        {
            options.AddNode("http://127.0.0.1:1");
            configure?.Invoke(options);
        },
        build: builder => builder.Services.AddOpenAiUpstream("configured", configuration.GetSection("Gateway"))
            .PostConfigure<OpenAiUpstreamOptions>("configured", options => also?.Invoke(options)),
        use: app => app.MapOpenAiRoute("/v1/completions", "configured"));
}
