using System.Globalization;
using System.Text;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>An answer that is cut at any byte, by a close or by a reset, never looks whole to the client.</summary>
public sealed class BrokenAnswerTests
{
    private static readonly string Json = $$"""{"id":"x","choices":[{"text":"{{new string('a', 40)}}","finish_reason":"stop"}]}""";

    private static readonly string Events =
        string.Concat(Enumerable.Range(0, 49).Select(number => $"data: {number}\n\n")) + "data: [DONE]\n\n";

    public static TheoryData<string, bool> Answers => new()
    {
        { "json with length", false },
        { "json with length", true },
        { "json in chunks", false },
        { "json in chunks", true },
        { "events in chunks", false },
        { "events in chunks", true },
        { "events with length", false },
        { "events with length", true },
        { "events until close", false },
        { "events until close", true },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_answer_cut_at_any_byte_never_looks_whole(string kind, bool withReset)
    {
        var (raw, body, isStream) = AnswerOf(kind);
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            var cut = int.Parse(connection.Request.Headers["X-Cut"]!, CultureInfo.InvariantCulture);
            await connection.WriteAsync(raw[..cut]);
            if (withReset)
            {
                connection.Reset();
            }
            else
            {
                connection.Close();
            }
        });
        await using var gateway = await GatewayHost.StartAsync(upstream);

        await Parallel.ForAsync(0, raw.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (cut, _) =>
        {
            var answer = await gateway.SendAsync(Request.Post(headers: $"X-Cut: {cut}"));
            var context = $"cut at {cut}: {answer.End} {answer.RawText}";
            if (answer.Status == 502)
            {
                answer.ShouldBeError(502, "upstream_broken");
            }
            else if (kind == "events until close" && answer.Text.TrimEnd().EndsWith("data: [DONE]", StringComparison.Ordinal))
            {
                ShouldBeBeginning(answer.Text, body, context);
            }
            else
            {
                answer.End.ShouldNotBe(RawEnd.Complete, context);
                ShouldBeBeginning(isStream ? WithoutError(answer.Text, context) : answer.Text, body, context);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task The_whole_answer_is_the_whole_answer(string kind, bool withReset)
    {
        var (raw, body, _) = AnswerOf(kind);
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteAsync(raw);
            if (!withReset)
            {
                connection.Close();
            }
        });
        await using var gateway = await GatewayHost.StartAsync(upstream);
        if (withReset && kind == "events until close")
        {
            return; // without a close it has no end
        }

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text, answer.End).ShouldBe((200, body, RawEnd.Complete));
    }

    private static void ShouldBeBeginning(string text, string body, string context) =>
        body.StartsWith(text, StringComparison.Ordinal).ShouldBeTrue(context);

    // A stream that broke off between two events says so in one more event, and never [DONE].
    private static string WithoutError(string text, string context)
    {
        var error = text.IndexOf("event: error\ndata: ", StringComparison.Ordinal);
        if (error < 0)
        {
            return text;
        }

        text.ShouldEndWith("\"code\":\"upstream_broken\"}}\n\n", customMessage: context);
        text.ShouldNotContain("[DONE]", customMessage: context);
        (error == 0 || text[..error].EndsWith("\n\n", StringComparison.Ordinal)).ShouldBeTrue(context);
        return text[..error];
    }

    private static (string Raw, string Body, bool IsStream) AnswerOf(string kind)
    {
        var isStream = kind.StartsWith("events", StringComparison.Ordinal);
        var body = isStream ? Events : Json;
        var head = $"HTTP/1.1 200 OK\r\nContent-Type: {(isStream ? "text/event-stream" : "application/json")}\r\n";
        if (kind.EndsWith("length", StringComparison.Ordinal))
        {
            return ($"{head}Content-Length: {Encoding.ASCII.GetByteCount(body)}\r\n\r\n{body}", body, isStream);
        }

        if (kind.EndsWith("close", StringComparison.Ordinal))
        {
            return ($"{head}\r\n{body}", body, isStream);
        }

        var pieces = isStream ? body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(data => data + "\n\n") : body.Chunk(30).Select(piece => new string(piece));
        var chunks = string.Concat(pieces.Select(piece => $"{piece.Length:x}\r\n{piece}\r\n"));
        return ($"{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n", body, isStream);
    }
}
