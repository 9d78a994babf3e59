// The gateway under load: one route without policies, one with credentials and a limit, one with the cache as well.
// Arguments: --urls <listen> --upstream <base URL>
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.Services.AddOpenAiUpstream("openai", upstream =>
{
    upstream.AddNode(builder.Configuration["upstream"] ?? "http://127.0.0.1:9000");
    upstream.ApiKey = "sk-MOCKKEY";
});

var app = builder.Build();

app.MapOpenAiRoute("/plain", "openai").RewritePath("/v1/completions");

var limited = app.MapGroup("")
    .UseBasicAuthConsumers(consumers => consumers.Add("consumer1", username: "username1", password: "password1"))
    .UseLimitCount(limit =>
    {
        limit.Count = long.MaxValue / 2;
        limit.TimeWindow = TimeSpan.FromHours(1);
    });
limited.MapOpenAiRoute("/limited", "openai").RewritePath("/v1/completions");
limited.MapOpenAiRoute("/openai/product/desc", "openai").RewritePath("/v1/completions").UseProxyCache();

// Bytes allocated since the start: two readings around N requests give the allocations of one.
app.MapGet("/allocated", () => GC.GetTotalAllocatedBytes(precise: true));

app.Run();
