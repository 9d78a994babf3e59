using OpenAi.Gateway;
using ProductDesc;

var builder = WebApplication.CreateBuilder(args);

// In front of OpenAI when OPENAI_API_KEY is set, else in front of a built-in simulator.
var openAi = await OpenAiEndpoint.ChooseAsync();

builder.Services.AddOpenAiUpstream("openai", upstream =>
{
    upstream.AddNode(openAi.Address, weight: 1);
    if (openAi.ApiKey is not null)
    {
        upstream.ApiKey = openAi.ApiKey;
    }
});

builder.Services.AddOpenAiUsage(builder.Configuration.GetSection("OpenAiUsage"));

var app = builder.Build();

app.UseBasicAuthConsumers(app.Configuration.GetSection("BasicAuthConsumers"));

app.MapOpenAiRoute("/openai/product/desc", upstream: "openai")
    .BridgeCompletions(app.Configuration.GetSection("BridgeCompletions"))
    .SetHeader("Content-Type", "application/json")
    .UseLimitCount(app.Configuration.GetSection("LimitCount"))
    .UseProxyCache(app.Configuration.GetSection("ProxyCache"));

app.MapGet("/usage", (UsageSummary usage) => usage.GetRows())
    .UseBasicAuthConsumers(app.Configuration.GetSection("BasicAuthConsumers"));

openAi.Announce(app);
app.Run();
