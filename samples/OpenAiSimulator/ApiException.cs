using System.Text.Json.Nodes;

namespace OpenAiSimulator;

/// <summary>An answer in OpenAI's error envelope.</summary>
internal sealed class ApiException(int status, string message, string type, string? param = null, string? code = null) : Exception(message)
{
    private const string InvalidRequest = "invalid_request_error";

    public int Status => status;

    public int? RetryAfterSeconds { get; init; }

    public JsonObject Envelope => new()
    {
        ["error"] = new JsonObject { ["message"] = Message, ["type"] = type, ["param"] = param, ["code"] = code },
    };

    public static ApiException BadRequest(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status400BadRequest, message, InvalidRequest, param, code);

    public static ApiException Missing(string param) =>
        BadRequest($"Missing required parameter: '{param}'.", param, "missing_required_parameter");

    public static ApiException WrongType(string param, string expected) =>
        BadRequest($"Invalid type for '{param}': expected {expected}.", param, "invalid_type");

    public static ApiException NoApiKey() =>
        new(StatusCodes.Status401Unauthorized, "You didn't provide an API key in an Authorization header (Authorization: Bearer YOUR_KEY).",
            InvalidRequest, code: "invalid_api_key");

    public static ApiException NotFound(HttpRequest request) =>
        new(StatusCodes.Status404NotFound, $"Invalid URL ({request.Method} {request.Path})", InvalidRequest, code: "unknown_url");

    public static ApiException NoSuchModel(string model) =>
        new(StatusCodes.Status404NotFound, $"The model '{model}' does not exist", InvalidRequest, "model", "model_not_found");

    public static ApiException NoQuota() =>
        new(StatusCodes.Status429TooManyRequests, "You exceeded your current quota, please check your plan and billing details.",
            "insufficient_quota", code: "insufficient_quota");

    public static ApiException OfStatus(int status, int? retryAfterSeconds)
    {
        var (type, code) = status switch
        {
            StatusCodes.Status429TooManyRequests => ("requests", "rate_limit_exceeded"),
            >= StatusCodes.Status500InternalServerError => ("server_error", null),
            _ => (InvalidRequest, (string?)null),
        };
        return new(status, $"The simulator was asked to answer {status}.", type, code: code) { RetryAfterSeconds = retryAfterSeconds };
    }
}
