namespace OpenAi.Gateway;

/// <summary>An error that the gateway itself answers, in OpenAI's terms.</summary>
/// <param name="Status">The HTTP status code.</param>
/// <param name="Message">What went wrong, in words for the caller. Never holds a secret or an upstream address.</param>
/// <param name="Type">OpenAI's <c>error.type</c>, for example <c>invalid_request_error</c>.</param>
/// <param name="Code">OpenAI's <c>error.code</c>. Always a string, because OpenAI's SDKs read no other form.</param>
/// <param name="Param">OpenAI's <c>error.param</c>: the field of the request at fault, or <see langword="null"/>.</param>
public sealed record GatewayError(int Status, string Message, string Type, string Code, string? Param = null)
{
    /// <summary>When the caller may try again; sent as <c>Retry-After</c> in whole seconds (RFC 9110, 10.2.3).</summary>
    /// <value>The default is <see langword="null"/>: no such header.</value>
    public TimeSpan? RetryAfter { get; init; }
}
