namespace OpenAi.Gateway.DocSnippets;

internal static class Configuration
{
    public static void Both(WebApplication app)
    {
        #region Configuration.Both
        app.UseLimitCount(limit =>
        {
            limit.Count = 100;
            limit.TimeWindow = TimeSpan.FromMinutes(1);
        });
        app.UseProxyCache(app.Configuration.GetSection("ProxyCache"));
        #endregion
    }

    public static void Upstreams(WebApplicationBuilder builder)
    {
        #region Configuration.Upstreams
        foreach (var upstream in builder.Configuration.GetSection("OpenAiUpstreams").GetChildren())
        {
            builder.Services.AddOpenAiUpstream(upstream.Key, upstream);
        }
        #endregion
    }
}
