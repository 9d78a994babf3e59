var builder = WebApplication.CreateBuilder(args);

builder.Services.AddOpenAiUpstream("openai", upstream =>
{
    upstream.AddNode("https://api.openai.com", weight: 1);
    upstream.ApiKey = builder.Configuration["OpenAi:ApiKey"];   // sent as "Authorization: Bearer …"
});

var app = builder.Build();

app.UseBasicAuthConsumers(consumers => consumers.Add("consumer1", username: "username1", password: "password1"));

app.MapOpenAiRoute("/openai/product/desc", upstream: "openai")
    .RewritePath("/v1/completions")
    .UseLimitCount(limit =>
    {
        limit.Count = 2;
        limit.TimeWindow = TimeSpan.FromSeconds(60);
        limit.RejectedCode = StatusCodes.Status403Forbidden;
        limit.RejectedMessage = "Requests are too frequent, please try again later.";
    })
    .UseProxyCache(cache => cache.Methods = ["POST"]);

app.Run();
