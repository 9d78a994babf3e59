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

var app = builder.Build();

app.UseBasicAuthConsumers(app.Configuration.GetSection("BasicAuthConsumers"));

app.MapOpenAiRoute("/openai/product/desc", upstream: "openai")
    .RewritePath("/v1/completions")
    .SetHeader("Content-Type", "application/json")
    .UseLimitCount(app.Configuration.GetSection("LimitCount"))
    .UseProxyCache(app.Configuration.GetSection("ProxyCache"));

openAi.Announce(app);
app.Run();
