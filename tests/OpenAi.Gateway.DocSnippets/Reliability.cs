namespace OpenAi.Gateway.DocSnippets;

internal static class Reliability
{
    public static void Chain(WebApplicationBuilder builder)
    {
        #region Reliability.Chain
        builder.Services.AddOpenAiUpstream("openai", upstream =>
        {
            upstream.AddNode("https://api.openai.com");
            upstream.ApiKey = builder.Configuration["OpenAi:ApiKey"];
            upstream.FirstByteTimeout = TimeSpan.FromSeconds(60);
            upstream.FallbackTo("azure", fallback => fallback.Models["gpt-4.1"] = "my-deployment");
        });
        builder.Services.AddOpenAiUpstream("azure", upstream =>
        {
            upstream.AddNode("https://name.openai.azure.com/openai");
            upstream.ApiKey = builder.Configuration["Azure:ApiKey"];
            upstream.ApiKeyHeader = "api-key";
        });
        #endregion
    }

    public static void Keys(WebApplicationBuilder builder)
    {
        #region Reliability.Keys
        builder.Services.AddOpenAiUpstream("openai", upstream =>
        {
            upstream.AddNode("https://api.openai.com");
            foreach (var key in builder.Configuration.GetSection("OpenAi:ApiKeys").Get<string[]>() ?? [])
            {
                upstream.ApiKeys.Add(key);
            }
        });
        #endregion
    }
}
