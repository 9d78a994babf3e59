using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>Wrong options stop the app; prices from a section follow it.</summary>
public sealed class UsageOptionsTests
{
    public static TheoryData<Action<OpenAiUsageOptions>, string, string> WrongOptions => new()
    {
        { options => options.Currency = "usd", "Currency", "three capital letters" },
        { options => options.Currency = "", "Currency", "three capital letters" },
        { options => options.Currency = null!, "Currency", "three capital letters" },
        { options => options.QueueCapacity = 0, "QueueCapacity", "between 1 and" },
        { options => options.SummaryHours = -1, "SummaryHours", "0 (off)" },
        { options => options.SummaryHours = 745, "SummaryHours", "31 days" },
        { options => options.File = " ", "File", "leave it out" },
        { options => options.Prices["m"] = new ModelPriceOptions(), "Prices:m:Input", "0 when they are free" },
        { options => options.Prices["m"] = null!, "Prices:m", "Give Input and Output" },
        { options => options.Prices[" "] = new ModelPriceOptions { Input = 1 }, "Prices", "model's name" },
        { options => options.Prices["m"] = new ModelPriceOptions { Input = -1 }, "Prices:m:Input", "between 0 and" },
        { options => options.Prices["m"] = new ModelPriceOptions { Input = 1, CachedInput = -0.1m }, "Prices:m:CachedInput", "between 0 and" },
        { options => options.Prices["m"] = new ModelPriceOptions { Input = 1, CacheWriteInput = -1 }, "Prices:m:CacheWriteInput", "between 0 and" },
        { options => options.Prices["m"] = new ModelPriceOptions { Input = 1, Output = 1_000_000_001 }, "Prices:m:Output", "a million tokens" },
        { options => options.Prices["m"] = Tiered("flex", new()), "Prices:m:Tiers:flex:Input", "0 when they are free" },
        { options => options.Prices["m"] = Tiered("flex", null!), "Prices:m:Tiers:flex", "Give Input and Output" },
        { options => options.Prices["m"] = Tiered("default", new() { Input = 1 }), "Prices:m:Tiers:default", "directly below the model" },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task A_wrong_value_stops_the_app(Action<OpenAiUsageOptions> mistake, string setting, string remedy)
    {
        var error = await Should.ThrowAsync<OptionsValidationException>(() => UsageHost.StartAsync(mistake));

        error.Message.ShouldContain("AddOpenAiUsage");
        error.Message.ShouldContain(setting);
        error.Message.ShouldContain(remedy);
    }

    [Fact]
    public async Task A_missing_section_stops_the_app()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(() => StartAsync(("Other:Log", "true")));

        error.Message.ShouldContain("'Usage' does not exist");
    }

    [Fact]
    public async Task A_misspelt_name_stops_the_app() =>
        (await Should.ThrowAsync<InvalidOperationException>(() => StartAsync(("Usage:Prices:gpt-4o:Inptu", "1")))).Message.ShouldContain("Inptu");

    [Theory]
    [InlineData("Usage:Prices:gpt-4o", "1", "Usage:Prices:gpt-4o is a single value")]
    [InlineData("Usage:Prices:gpt-4o:Tiers:flex", "1", "Usage:Prices:gpt-4o:Tiers:flex is a single value")]
    [InlineData("Usage:File:Path", "a.log", "Usage:File has members")]
    public async Task A_setting_of_another_shape_stops_the_app(string setting, string value, string reason) =>
        (await Should.ThrowAsync<InvalidOperationException>(() => StartAsync(("Usage:Log", "true"), (setting, value)))).Message.ShouldContain(reason);

    [Fact]
    public async Task Prices_follow_their_section()
    {
        await using var host = await StartAsync(("Usage:Prices:gpt-4o:Input", "2.5"), ("Usage:Prices:gpt-4o:Tiers:flex:Input", "1"));
        var prices = host.Services.GetRequiredService<ModelPrices>();
        prices.Cost(new(1_000_000, 0), "gpt-4o", null, null).ShouldBe(2.5m);
        prices.Cost(new(1_000_000, 0), "gpt-4o", null, "flex").ShouldBe(1);

        Set(host, ("Usage:Prices:gpt-4o:Input", "3"), ("Usage:Prices:new:Input", "4"));

        prices.Cost(new(1_000_000, 0), "gpt-4o", null, null).ShouldBe(3);
        prices.Cost(new(1_000_000, 0), "new", null, null).ShouldBe(4);
    }

    [Theory]
    [InlineData("Usage:Prices:new:Input", "-1", "Prices:new:Input")]
    [InlineData("Usage:Prices:new:Input", "free", "Prices:new:Input")]
    [InlineData("Usage:Prices:new:Inptu", "1", "Inptu")]
    [InlineData("Usage:Currency", "EUR", "Restart")]
    public async Task A_wrong_change_is_refused_whole(string setting, string value, string named)
    {
        await using var host = await StartAsync(("Usage:Prices:gpt-4o:Input", "2.5"));

        Set(host, ("Usage:Prices:gpt-4o:Input", "3"), (setting, value));

        host.Services.GetRequiredService<ModelPrices>().Cost(new(1_000_000, 0), "gpt-4o", null, null).ShouldBe(2.5m);
        host.Logs.Entries.Where(entry => entry.EventId.Id == 1604).ShouldHaveSingleItem().Message.ShouldContain(named);
    }

    [Fact]
    public async Task Whatever_a_change_throws_is_logged_and_the_last_good_prices_stay()
    {
        await using var host = await StartAsync(
            usage => _ = usage.QueueCapacity == 1 ? throw new NotSupportedException("The app wants a longer queue.") : true,
            ("Usage:Prices:gpt-4o:Input", "2.5"));

        Set(host, ("Usage:Prices:gpt-4o:Input", "3"), ("Usage:QueueCapacity", "1"));

        host.Services.GetRequiredService<ModelPrices>().Cost(new(1_000_000, 0), "gpt-4o", null, null).ShouldBe(2.5m);
        host.Logs.Entries.Where(entry => entry.EventId.Id == 1604).ShouldHaveSingleItem().Message.ShouldContain("longer queue");
    }

    [Fact]
    public async Task Settings_of_several_calls_add_up()
    {
        await using var host = await UsageHost.StartAsync(
            services => services
                .AddOpenAiUsage(usage => usage.Prices["a"] = new ModelPriceOptions { Input = 1 })
                .AddOpenAiUsage(usage => usage.SummaryHours = 1),
            []);

        var options = host.Services.GetRequiredService<IOptions<OpenAiUsageOptions>>().Value;
        (options.Prices.Count, options.SummaryHours).ShouldBe((1, 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_order_of_upstreams_and_usage_does_not_matter(bool upstreamFirst)
    {
        var sink = new HeldSink().Release();
        await using var host = await UsageHost.StartAsync(
            services =>
            {
                if (upstreamFirst)
                {
                    services.AddOpenAiUpstream("openai", upstream => upstream.AddNode("https://api.openai.com"));
                }

                services.AddOpenAiUsage(usage => usage.Prices["gpt-4o"] = new ModelPriceOptions { Input = 1, Output = 1 });
                if (!upstreamFirst)
                {
                    services.AddOpenAiUpstream("openai", upstream => upstream.AddNode("https://api.openai.com"));
                }
            },
            [],
            sink);

        host.Ledger.Add(Records.Chat);
        await host.StopAsync();

        sink.Records.ShouldHaveSingleItem().Cost.ShouldBe(0.00012m);
    }

    [Fact]
    public async Task An_upstream_alone_brings_the_ledger_for_the_apps_own_sinks()
    {
        var sink = new HeldSink().Release();
        await using var host = await UsageHost.StartAsync(
            services => services.AddOpenAiUpstream("openai", upstream => upstream.AddNode("https://api.openai.com")), [], sink);

        host.Ledger.Add(Records.Chat);
        await host.StopAsync();

        sink.Records.Count.ShouldBe(1);
    }

    private static ModelPriceOptions Tiered(string tier, TierPriceOptions price) => new() { Input = 1, Tiers = { [tier] = price } };

    private static Task<UsageHost> StartAsync(params (string Key, string Value)[] settings) => StartAsync(_ => { }, settings);

    private static Task<UsageHost> StartAsync(Action<OpenAiUsageOptions> also, params (string Key, string Value)[] settings) => UsageHost.StartAsync(
        services => services
            .AddOpenAiUsage(services.BuildServiceProvider().GetRequiredService<IConfiguration>().GetSection("Usage"))
            .PostConfigure(also),
        settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));

    private static void Set(UsageHost host, params (string Key, string Value)[] settings)
    {
        var configuration = (IConfigurationRoot)host.Services.GetRequiredService<IConfiguration>();
        foreach (var (key, value) in settings)
        {
            configuration[key] = value;
        }

        configuration.Reload();
    }
}
