namespace OpenAi.Gateway.DocSnippets;

internal static class Operations
{
    public static void Feature(WebApplication app)
    {
        #region Operations.Feature
        app.Use(async (context, next) =>
        {
            await next(context);
            if (context.Features.Get<IOpenAiGatewayFeature>() is { Route: not null } gateway)
            {
                AccessLog.Write(app.Logger, gateway.Consumer?.Name, gateway.Route.Pattern, gateway.CacheStatus, gateway.Attempts);
            }
        });
        #endregion
    }

    public static void Counter(WebApplicationBuilder builder)
    {
        #region Operations.Counter
        builder.Services.AddSingleton<LimitCounter, RedisLimitCounter>();
        #endregion
    }
}
