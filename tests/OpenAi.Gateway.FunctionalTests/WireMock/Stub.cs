namespace OpenAi.Gateway.FunctionalTests.WireMock;

/// <summary>What WireMock answers to a request.</summary>
public sealed record Stub(string Method, string UrlPath)
{
    public int Status { get; init; } = 200;

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public string? Body { get; init; }

    /// <summary>The wait before the answer begins.</summary>
    public TimeSpan? FixedDelay { get; init; }

    /// <summary>Sends the body in so many parts, spread over the time.</summary>
    public (int Parts, TimeSpan Over)? Dribble { get; init; }

    public Fault? Fault { get; init; }

    internal object ToMapping() => new
    {
        request = new { method = Method, urlPath = UrlPath },
        response = new
        {
            status = Status,
            headers = Headers,
            body = Body,
            fixedDelayMilliseconds = (int?)FixedDelay?.TotalMilliseconds,
            chunkedDribbleDelay = Dribble is { } dribble
                ? new { numberOfChunks = dribble.Parts, totalDuration = (int)dribble.Over.TotalMilliseconds }
                : null,
            fault = Fault?.WireName(),
        },
    };
}
