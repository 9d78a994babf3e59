namespace OpenAiSimulator;

/// <summary>Any key will do, as long as there is one.</summary>
internal sealed class ApiKeyMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) =>
        HasKey(context.Request.Headers) ? next(context) : throw ApiException.NoApiKey();

    private static bool HasKey(IHeaderDictionary headers) =>
        (headers.Authorization.ToString() is { } value
            && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            && !string.IsNullOrWhiteSpace(value["Bearer ".Length..]))
        || !string.IsNullOrWhiteSpace(headers["api-key"]);
}
