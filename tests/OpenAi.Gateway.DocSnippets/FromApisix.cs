namespace OpenAi.Gateway.DocSnippets;

internal static class FromApisix
{
    public static void Upstream(WebApplicationBuilder builder)
    {
        #region FromApisix.Upstream
        builder.Services.AddOpenAiUpstream("openai", upstream =>
        {
            upstream.AddNode("https://api.openai.com", weight: 1);
            upstream.ApiKey = builder.Configuration["OpenAi:ApiKey"];
        });
        #endregion
    }

    public static void Route(WebApplication app)
    {
        #region FromApisix.Route
        app.MapOpenAiRoute("/openai/product/desc", upstream: "openai")
            .RewritePath("/v1/completions")
            .SetHeader("Content-Type", "application/json");
        #endregion
    }

    public static void Consumer(WebApplication app)
    {
        #region FromApisix.Consumer
        app.UseBasicAuthConsumers(consumers => consumers.Add("consumer1", username: "username1", password: "password1"));
        #endregion
    }

    public static void Limit(OpenAiRouteBuilder route)
    {
        #region FromApisix.Limit
        route.UseLimitCount(limit =>
        {
            limit.Count = 2;
            limit.TimeWindow = TimeSpan.FromSeconds(60);
            limit.RejectedCode = StatusCodes.Status403Forbidden;
            limit.RejectedMessage = "Requests are too frequent, please try again later.";
            limit.Key = "remote_addr";
        });
        #endregion
    }

    public static void Cache(OpenAiRouteBuilder route)
    {
        #region FromApisix.Cache
        route.UseProxyCache(cache =>
        {
            cache.Methods = ["POST"];
            cache.HttpStatus = [200];
            cache.HideCacheHeaders = true;
            cache.StatusHeader = "Apisix-Cache-Status";
        });
        #endregion
    }
}
