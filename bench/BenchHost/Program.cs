// The gateway under load: one route without policies, one with credentials and a limit, one with the cache as well, one with a limit for each
// value of a header.
// Arguments: --urls <listen> --upstream <base URL> [--routes <more of them>] [--consumers <how many>] [--metered true] [--cache <bytes>]
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.Services.AddOpenAiUpstream("openai", upstream =>
{
    upstream.AddNode(builder.Configuration["upstream"] ?? "http://127.0.0.1:9000");
    upstream.ApiKey = "sk-MOCKKEY";
});
if (builder.Configuration.GetValue<long?>("cache") is { } size)
{
    builder.Services.AddProxyCache(cache => cache.SizeLimit = size);
}

if (builder.Configuration.GetValue("metered", false))
{
    builder.Services.AddOpenAiUsage(usage => usage.SummaryHours = 1);
}

var app = builder.Build();

app.MapOpenAiRoute("/plain", "openai").RewritePath("/v1/completions");
for (var i = 1; i <= builder.Configuration.GetValue("routes", 0); i++)
{
    app.MapOpenAiRoute($"/routes/{i}", "openai").RewritePath("/v1/completions");
}

app.MapOpenAiRoute("/keyed", "openai").RewritePath("/v1/completions").UseLimitCount(limit =>
{
    (limit.Count, limit.TimeWindow) = (long.MaxValue / 2, TimeSpan.FromHours(1));
    limit.Key = "http_x_key";
});

var limited = app.MapGroup("")
    .UseBasicAuthConsumers(consumers =>
    {
        for (var i = 1; i <= builder.Configuration.GetValue("consumers", 1); i++)
        {
            consumers.Add($"consumer{i}", username: $"username{i}", password: $"password{i}");
        }
    })
    .UseLimitCount(limit => (limit.Count, limit.TimeWindow) = (long.MaxValue / 2, TimeSpan.FromHours(1)));
limited.MapOpenAiRoute("/limited", "openai").RewritePath("/v1/completions");
limited.MapOpenAiRoute("/openai/product/desc", "openai").RewritePath("/v1/completions").UseProxyCache();

// Bytes allocated since the start: two readings around N requests give the allocations of one.
app.MapGet("/allocated", context => context.Response.WriteAsync($"{GC.GetTotalAllocatedBytes(precise: true)}"));

// CPU time in microseconds, allocated bytes, resident bytes and bytes on the heap; after a collection when ?collect=true asks for one.
app.MapGet("/stats", context =>
{
    var onHeap = GC.GetTotalMemory(forceFullCollection: context.Request.Query["collect"] == "true");
    var cpu = Environment.CpuUsage.TotalTime.TotalMicroseconds;
    return context.Response.WriteAsync(FormattableString.Invariant($"{cpu:F0} {GC.GetTotalAllocatedBytes(precise: true)} {Environment.WorkingSet} {onHeap}"));
});

app.Run();
