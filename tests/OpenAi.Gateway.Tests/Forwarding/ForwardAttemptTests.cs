using System.IO.Pipelines;
using System.Net;

namespace OpenAi.Gateway.Tests.Forwarding;

public class ForwardAttemptTests
{
    private readonly Pipe _body = new();

    [Theory]
    [InlineData("1.0", false)]
    [InlineData("1.1", false)]
    [InlineData("2.0", true)]
    [InlineData("3.0", true)]
    public async Task An_answer_without_a_length_is_known_to_be_whole_where_its_version_marks_the_end(string version, bool isFramed)
    {
        await _body.Writer.CompleteAsync();
        using var answer = Answer(HttpStatusCode.OK);
        answer.Version = new Version(version);

        using var attempt = await SendAsync(answer);

        (attempt.Error, attempt.IsFramed).ShouldBe((null, isFramed));
    }

    [Fact]
    public async Task The_reason_of_a_refusal_is_awaited_although_it_comes_in_parts()
    {
        await _body.Writer.WriteAsync("""{"error":{"message":"You exceeded your quota","""u8.ToArray());
        using var answer = Answer(HttpStatusCode.TooManyRequests);

        var sending = SendAsync(answer);
        await _body.Writer.WriteAsync(""" "code":"insufficient_quota"}}"""u8.ToArray());
        await _body.Writer.CompleteAsync();

        using var attempt = await sending.SoonAsync();
        attempt.IsOutOfQuota.ShouldBeTrue();
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("{}", false)]
    public async Task An_answer_that_resets_its_content_has_none(string body, bool passes)
    {
        await _body.Writer.WriteAsync(System.Text.Encoding.UTF8.GetBytes(body));
        await _body.Writer.CompleteAsync();
        using var answer = Answer(HttpStatusCode.ResetContent);

        using var attempt = await SendAsync(answer);

        (attempt.Error is null).ShouldBe(passes);
    }

    [Fact]
    public async Task An_answer_that_cannot_be_passed_on_gives_its_connection_back_at_once()
    {
        using var answer = Answer(HttpStatusCode.OK);
        answer.Headers.TryAddWithoutValidation("X-Bell", "\a").ShouldBeTrue();

        using var attempt = await SendAsync(answer);

        (attempt.Error, attempt.Exception).ShouldBe((GatewayErrors.UpstreamBroken, null));
        (await Should.ThrowAsync<Exception>(() => answer.Content.ReadAsStreamAsync())).ShouldBeOfType<ObjectDisposedException>();
    }

    [Fact]
    public async Task What_went_wrong_with_the_connection_is_kept_for_the_log()
    {
        var broken = new IOException("The connection was reset.");
        await _body.Writer.CompleteAsync(broken);
        using var answer = Answer(HttpStatusCode.OK);

        using var attempt = await SendAsync(answer);

        (attempt.Error, attempt.Exception).ShouldBe((GatewayErrors.UpstreamBroken, broken));
    }

    private HttpResponseMessage Answer(HttpStatusCode status) => new(status) { Content = new StreamContent(_body.Reader.AsStream()) };

    private static async Task<ForwardAttempt> SendAsync(HttpResponseMessage answer)
    {
        using var invoker = new HttpMessageInvoker(new StreamPumpTests.Answering(answer));
        var attempt = StreamPumpTests.Begin(invoker, new ManualTimeProvider());
        await attempt.SendAsync(invoker, TimeSpan.FromMinutes(1));
        return attempt;
    }
}
