namespace OpenAi.Gateway.DocSnippets;

internal static partial class AccessLog
{
    [LoggerMessage(1, LogLevel.Information, "{Consumer} called {Route}: cache {Cache}, {Attempts} attempts.")]
    public static partial void Write(ILogger logger, string? consumer, string route, CacheStatus? cache, int attempts);
}
