using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Every error that the gateway itself can answer, in one place.</summary>
internal static class GatewayErrors
{
    private const string InvalidRequest = "invalid_request_error";
    private const string Upstream = "upstream_error";

    public static readonly GatewayError MissingCredentials = new(
        StatusCodes.Status401Unauthorized, "Missing authorization in request", "authentication_error", "missing_credentials");

    public static readonly GatewayError MalformedCredentials = new(
        StatusCodes.Status401Unauthorized, "Invalid authorization in request", "authentication_error", "invalid_credentials");

    public static readonly GatewayError WrongCredentials = new(
        StatusCodes.Status401Unauthorized, "Invalid user authorization", "authentication_error", "invalid_credentials");

    public static readonly GatewayError ConsumersUnavailable = new(
        StatusCodes.Status503ServiceUnavailable, "The credentials cannot be checked at the moment.", "server_error", "consumers_unavailable");

    public static readonly GatewayError Forbidden = new(
        StatusCodes.Status403Forbidden, "The consumer is not allowed to do this.", "permission_error", "forbidden");

    public static readonly GatewayError LimitUnavailable = new(
        StatusCodes.Status503ServiceUnavailable, "The request limit cannot be checked at the moment.", "server_error", "limit_unavailable");

    public static readonly GatewayError NotCached = new(
        StatusCodes.Status404NotFound, "Nothing is cached for this request.", InvalidRequest, "not_cached");

    public static readonly GatewayError CacheUnavailable = new(
        StatusCodes.Status503ServiceUnavailable, "The cache cannot be reached at the moment.", "server_error", "cache_unavailable");

    public static readonly GatewayError OnlyIfCached = new(
        StatusCodes.Status504GatewayTimeout, "The answer is not in the cache (Cache-Control: only-if-cached).", InvalidRequest, "not_cached");

    public static readonly GatewayError UpstreamUnreachable = BadGateway("The connection to the upstream failed.", "upstream_connect_error");

    public static readonly GatewayError UpstreamNameNotResolved = BadGateway("The upstream's host name could not be resolved.", "upstream_dns_error");

    public static readonly GatewayError UpstreamNotTrusted = BadGateway("The TLS handshake with the upstream failed.", "upstream_tls_error");

    public static readonly GatewayError UpstreamBroken = BadGateway(
        "The upstream broke the connection or its answer is not valid HTTP.", "upstream_broken");

    public static readonly GatewayError UpstreamNotChat = BadGateway(
        "The upstream's answer is not the chat completion that it was asked for.", "upstream_invalid_answer");

    public static readonly GatewayError UpstreamTimeout = new(
        StatusCodes.Status504GatewayTimeout, "The upstream did not answer in time.", Upstream, "upstream_timeout");

    public static readonly GatewayError BodyNotJson = BadRequest("The request body is not a JSON object.", "invalid_json");

    public static readonly GatewayError BodyTooSlow = new(
        StatusCodes.Status408RequestTimeout, "The request body did not come in time.", InvalidRequest, "request_timeout");

    public static readonly GatewayError PathElsewhere = BadRequest(
        "The path has a segment '..', which leads elsewhere. Write the path itself.", "invalid_path");

    public static readonly GatewayError NoWebSocket = new(
        StatusCodes.Status501NotImplemented,
        "WebSockets are not passed on here. Use the operation's HTTP form, or connect to the provider.",
        InvalidRequest,
        "websocket_not_supported");

    /// <summary>Whether an error tells of the upstream; else it is a refusal of the gateway's own.</summary>
    public static bool IsOfUpstream(GatewayError error) => error.Type == Upstream;

    public static GatewayError NoUpstream(TimeSpan retryAfter) => new(
        StatusCodes.Status503ServiceUnavailable, "No upstream node is available.", Upstream, "no_available_upstream")
    { RetryAfter = retryAfter };

    public static GatewayError LimitReached(int status, string message, TimeSpan retryAfter) => new(
        status, message, "rate_limit_error", "rate_limit_exceeded")
    { RetryAfter = retryAfter };

    public static GatewayError MethodNotAllowed(string method) => new(
        StatusCodes.Status405MethodNotAllowed, $"The method {method} is not supported here.", InvalidRequest, "method_not_allowed");

    public static GatewayError DuplicateField(string name) => BadRequest(
        $"The field '{name}' stands in the request twice. Send it once.", "duplicate_parameter", name);

    public static GatewayError MissingField(string name) => BadRequest($"The field '{name}' is missing.", "missing_required_parameter", name);

    public static GatewayError InvalidField(string name, string expected) => BadRequest(
        $"The field '{name}' must be {expected}.", "invalid_value", name);

    public static GatewayError MisspeltField(string name) => BadRequest(
        $"The field '{name}' must be written in small letters.", "unknown_parameter", name);

    public static GatewayError BodyNotReadable(int maxDepth) => BadRequest(
        $"The request body is not a JSON object, or nested deeper than the {maxDepth} levels that are allowed (MaxJsonDepth).",
        "invalid_json");

    public static GatewayError BodyNotCheckable(int limit) => new(
        StatusCodes.Status413PayloadTooLarge,
        $"The request body is larger than the {limit} bytes up to which it can be checked (MaxBufferedBody of the upstream).",
        InvalidRequest,
        "request_too_large");

    public static GatewayError AliasElsewhere(string alias) => BadRequest(
        $"The alias '{alias}' can stand in the field 'model' or plainly in the path. Name the model itself in lists of models.", "invalid_value", "model");

    public static GatewayError ModelNotAllowed(string model) => new(
        StatusCodes.Status403Forbidden, $"The model '{model}' is not allowed here.", "permission_error", "model_not_allowed", "model");

    public static GatewayError ModelNotPriced(string? model, string? tier) => BadRequest(
        tier is null ? $"The model '{model}' has no price here, so it cannot be asked for." : $"The model '{model}' has no price in the service tier '{tier}' here, so it cannot be asked for.",
        "model_not_priced",
        "model");

    public static GatewayError TokensReached(int status, string message, TimeSpan retryAfter) => new(
        status, message, "tokens", "rate_limit_exceeded")
    { RetryAfter = retryAfter };

    public static GatewayError ConcurrencyReached(int status, string message) => new(
        status, message, "rate_limit_error", "concurrency_limit_exceeded")
    { RetryAfter = TimeSpan.FromSeconds(1) };

    public static GatewayError BudgetSpent(int status, string message) => new(status, message, "insufficient_quota", "insufficient_quota");

    /// <summary>Of a request that no wait lets pass. 429 would make SDKs try it again and again.</summary>
    public static GatewayError TooLargeForLimit(string message, string? field) => BadRequest(message, "request_too_large_for_limit", field);

    public static GatewayError UnsupportedField(string name, string reason) => BadRequest(
        $"The field '{name}' is not supported here: {reason}.", "unsupported_parameter", name);

    public static GatewayError BodyTooLarge(long? limit) => new(
        StatusCodes.Status413PayloadTooLarge,
        limit is null ? "The request body is too large." : $"The request body is larger than the {limit} bytes that are allowed.",
        InvalidRequest,
        "request_too_large");

    public static GatewayError BodyUnreadable(BadHttpRequestException error) => error.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => BodyTooLarge(null),
        StatusCodes.Status408RequestTimeout => BodyTooSlow,
        _ => new(error.StatusCode, "The request body could not be read.", InvalidRequest, "invalid_request_body"),
    };

    private static GatewayError BadRequest(string message, string code, string? field = null) =>
        new(StatusCodes.Status400BadRequest, message, InvalidRequest, code, field);

    private static GatewayError BadGateway(string message, string code) => new(StatusCodes.Status502BadGateway, message, Upstream, code);
}
