using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway.Tests.Docs;

/// <summary>Every JSON block of the documents is an appsettings.json; an app starts with it.</summary>
public class JsonBlockTests
{
    [Fact]
    public void Every_json_block_is_a_right_configuration()
    {
        var blocks = MarkdownBlock.All("json").ToList();

        blocks.ShouldNotBeEmpty();
        blocks.ForEach(block => Should.NotThrow(() => Configure(block.Text), $"{block.Document}:\n{block.Text}"));
    }

    [Theory]
    [InlineData("""{ "LimitCount": { "Cuont": 2, "TimeWindow": "00:01:00" } }""", "Cuont")]
    [InlineData("""{ "LimtCount": { "Count": 2, "TimeWindow": "00:01:00" } }""", "LimtCount")]
    [InlineData("""{ "OpenAi": { "Nodes": [ { "Adress": "https://api.openai.com" } ] } }""", "Adress")]
    [InlineData("""{ "OpenAiUsage": { "Prices": { "gpt-4o": { "Inptu": 1 } } } }""", "Inptu")]
    [InlineData("""{ "OpenAiRoutes": { "a": { "Pattern": "/a", "Upstream": "openai", "Retrys": 1 } } }""", "Retrys")]
    public void A_misspelt_one_would_be_noticed(string json, string word) =>
        Should.Throw<Exception>(() => Configure(json)).Message.ShouldContain(word);

    private static void Configure(string json)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        var configuration = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        var routes = configuration.GetSection("OpenAiRoutes");

        foreach (var upstream in configuration.GetSection("OpenAiUpstreams").GetChildren())
        {
            builder.Services.AddOpenAiUpstream(upstream.Key, upstream);
        }

        if (configuration.GetSection("OpenAi") is var openAi && openAi.Exists())
        {
            builder.Services.AddOpenAiUpstream("openai", openAi);
        }

        foreach (var name in routes.GetChildren().Select(route => route["Upstream"]!).Append("openai").Distinct())
        {
            if (!configuration.GetSection("OpenAiUpstreams:" + name).Exists() && !(name == "openai" && openAi.Exists()))
            {
                builder.Services.AddOpenAiUpstream(name, upstream => upstream.AddNode("https://api.openai.com"));
            }
        }

        if (configuration.GetSection("OpenAiUsage") is var usage && usage.Exists())
        {
            builder.Services.AddOpenAiUsage(usage);
        }

        if (configuration.GetSection("ProxyCacheStore") is var store && store.Exists())
        {
            builder.Services.AddProxyCache(store);
        }

        using var app = builder.Build();
        app.Services.GetRequiredService<UpstreamRegistry>().CheckAll();
        _ = app.Services.GetRequiredService<IOptions<OpenAiUsageOptions>>().Value;
        _ = app.Services.GetRequiredService<IOptions<ProxyCacheStoreOptions>>().Value;
        foreach (var section in configuration.GetChildren())
        {
            Use(app, section);
        }
    }

    private static void Use(WebApplication app, IConfigurationSection section)
    {
        switch (section.Key)
        {
            case "OpenAi" or "OpenAiUpstreams" or "OpenAiUsage" or "ProxyCacheStore":
                break;
            case "OpenAiRoutes":
                app.MapOpenAiRoutes(section);
                break;
            case "BasicAuthConsumers":
                app.UseBasicAuthConsumers(section);
                break;
            case "LimitCount":
                app.UseLimitCount(section);
                break;
            case "Models":
                app.UseModels(section);
                break;
            case "LimitTokens":
                app.UseLimitTokens(section);
                break;
            case "LimitConcurrency":
                app.UseLimitConcurrency(section);
                break;
            case "Budget":
                app.UseBudget(section);
                break;
            case "ProxyCache":
                app.UseProxyCache(section);
                break;
            default:
                throw new InvalidOperationException($"No document explains the section '{section.Key}'.");
        }
    }
}
