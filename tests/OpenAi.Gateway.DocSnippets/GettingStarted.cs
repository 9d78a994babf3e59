namespace OpenAi.Gateway.DocSnippets;

internal static class GettingStarted
{
    public static void OpenAiRoute(WebApplication app)
    {
        #region GettingStarted.OpenAiRoute
        app.MapOpenAiRoute("/v1/chat/completions", upstream: "openai");
        #endregion
    }

    public static void WholeApi(WebApplication app)
    {
        #region GettingStarted.WholeApi
        app.MapOpenAiRoute("/v1/{**path}", upstream: "openai").WithMethods("GET", "POST", "DELETE");
        #endregion
    }

    public static void Limits(WebApplication app)
    {
        #region GettingStarted.Limits
        var group = app.MapGroup("/v1")
            .UseLimitCount(limit =>
            {
                limit.Count = 1000;
                limit.TimeWindow = TimeSpan.FromDays(1);
            });

        group.MapOpenAiRoute("/chat/completions", upstream: "openai")
            .UseLimitCount(limit =>
            {
                limit.Count = 10;
                limit.TimeWindow = TimeSpan.FromMinutes(1);
                limit.CountCacheHits = false;
            });
        #endregion
    }

    public static void Cache(WebApplication app)
    {
        #region GettingStarted.Cache
        app.MapOpenAiRoute("/v1/embeddings", upstream: "openai")
            .UseProxyCache(cache =>
            {
                cache.Ttl = TimeSpan.FromHours(1);
                cache.StaleIfError = TimeSpan.FromHours(6);
                cache.Bypass = ["$http_x_no_cache"];
            });
        #endregion
    }

    public static void Hash()
    {
        #region GettingStarted.Hash
        Console.WriteLine(OpenAi.Gateway.Consumer.HashPassword("password1"));
        #endregion
    }

    public static void Hashed(WebApplicationBuilder builder, WebApplication app)
    {
        #region GettingStarted.Hashed
        app.UseBasicAuthConsumers(consumers => consumers
            .AddHashed("consumer1", username: "username1", passwordHash: builder.Configuration["Consumer1:PasswordHash"]!));
        #endregion
    }

    public static void Configured(WebApplicationBuilder builder)
    {
        #region GettingStarted.Configured
        builder.Services.AddOpenAiUpstream("openai", builder.Configuration.GetSection("OpenAi"));

        var app = builder.Build();

        app.UseBasicAuthConsumers(app.Configuration.GetSection("BasicAuthConsumers"));
        app.MapOpenAiRoutes(app.Configuration.GetSection("OpenAiRoutes"));

        app.Run();
        #endregion
    }
}
