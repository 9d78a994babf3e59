namespace OpenAi.Gateway;

/// <summary>
/// Ends a response that has begun the way ASP.NET Core ends one whose endpoint failed: what was written still arrives, and then the
/// connection closes without the end of the body (HTTP/2: a reset).
/// </summary>
internal sealed class AnswerCutException() : IOException("The upstream broke off its event stream. The client was told so in the stream.");
