using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitCount;

public class LimitAnswerTests
{
    [Fact]
    public async Task The_walkthrough_lets_two_pass_in_a_minute()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai/product/desc", "openai").UseLimitCount(limit =>
        {
            limit.Count = 2;
            limit.TimeWindow = TimeSpan.FromSeconds(60);
            limit.Key = "remote_addr";
            limit.RejectedCode = 403;
            limit.RejectedMessage = "Las solicitudes son demasiado frecuentes, por favor inténtalo de nuevo más tarde. 请求过于频繁 🚦 \"<&>\"";
        }));

        var first = await host.PostAsync("/openai/product/desc");
        host.Time.Advance(TimeSpan.FromSeconds(20.5));
        var second = await host.PostAsync("/openai/product/desc");
        var third = await host.PostAsync("/openai/product/desc");

        (first.Status, first.Quota(), first["Retry-After"]).ShouldBe((200, ("2", "1", "60"), null));
        (second.Status, second.Quota(), second["Retry-After"]).ShouldBe((200, ("2", "0", "40"), null));
        (third.Status, third.Quota(), third["Retry-After"]).ShouldBe((403, ("2", "0", "40"), "40"));
        third.Message.ShouldBe("Las solicitudes son demasiado frecuentes, por favor inténtalo de nuevo más tarde. 请求过于频繁 🚦 \"<&>\"");
        third.Text.ShouldContain("inténtalo de nuevo más tarde. 请求过于频繁");
        third["Content-Type"].ShouldBe("application/json");

        host.Time.Advance(TimeSpan.FromSeconds(39.5));
        (await host.PostAsync("/openai/product/desc")).Quota().ShouldBe(("2", "1", "60"));
        host.Calls.ShouldBe(3);
    }

    [Fact]
    public async Task By_default_a_refused_request_is_told_429_in_openais_words()
    {
        await using var host = await LimitHost.StartAsync(_ => { });
        await host.GetAsync("/");

        var refused = await host.GetAsync("/");

        refused.Status.ShouldBe(429);
        refused.Text.ShouldBe(
            """{"error_msg":"Too many requests. Try again later.","error":{"message":"Too many requests. Try again later.","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}""");
    }

    [Fact]
    public async Task Who_comes_back_when_told_is_let_in()
    {
        await using var host = await LimitHost.StartAsync(limit => limit.TimeWindow = TimeSpan.FromMilliseconds(1_500));
        await host.GetAsync("/");
        host.Time.Advance(TimeSpan.FromMilliseconds(1));

        var seconds = int.Parse((await host.GetAsync("/"))["Retry-After"]!, System.Globalization.CultureInfo.InvariantCulture);
        host.Time.Advance(TimeSpan.FromSeconds(seconds));

        seconds.ShouldBe(2);
        (await host.GetAsync("/")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_window_ends_exactly()
    {
        await using var host = await LimitHost.StartAsync(_ => { });
        await host.GetAsync("/");

        host.Time.Advance(TimeSpan.FromSeconds(60) - TimeSpan.FromTicks(1));
        (await host.GetAsync("/"))["Retry-After"].ShouldBe("1");
        host.Time.Advance(TimeSpan.FromTicks(1));
        (await host.GetAsync("/")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Of_a_thousand_parallel_calls_exactly_the_limit_passes()
    {
        await using var host = await LimitHost.StartAsync(limit => limit.Count = 100);

        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => host.GetAsync("/")));

        answers.CountBy(answer => answer.Status).ShouldBe([new(200, 100), new(429, 900)], ignoreOrder: true);
        answers.Where(answer => answer.Status == 200).Select(answer => int.Parse(answer.Quota().Remaining!, System.Globalization.CultureInfo.InvariantCulture))
            .Order().ShouldBe(Enumerable.Range(0, 100));
    }

    [Fact]
    public async Task The_headers_can_be_left_out_but_not_the_time_to_come_back()
    {
        await using var host = await LimitHost.StartAsync(limit => limit.ShowLimitQuotaHeader = false);

        (await host.GetAsync("/")).Headers.ShouldNotContain(header => header.Key.StartsWith("X-RateLimit"));
        var refused = await host.GetAsync("/");

        refused.Headers.ShouldNotContain(header => header.Key.StartsWith("X-RateLimit"));
        refused["Retry-After"].ShouldBe("60");
    }

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    [InlineData(205)]
    [InlineData(304)]
    [InlineData(599)]
    public async Task Every_code_that_is_allowed_can_be_answered(int code)
    {
        await using var host = await LimitHost.StartAsync(limit => limit.RejectedCode = code);
        await host.GetAsync("/");

        (await host.GetAsync("/")).Status.ShouldBe(code);
    }

    [Fact]
    public async Task A_request_without_credentials_spends_nothing()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapGet("/", () => "in")
            .UseLimitCount(limit => LimitHost.Of(limit, 1).Key = "remote_addr")
            .UseBasicAuthConsumers(consumers => consumers.Add("consumer1", "username1", "password1")));

        for (var i = 0; i < 3; i++)
        {
            var refused = await host.GetAsync("/", i == 0 ? null : "username1:wrong");
            (refused.Status, refused.Quota().Remaining).ShouldBe((401, null));
        }

        (await host.GetAsync("/", "username1:password1")).Quota().ShouldBe(("1", "0", "60"));
    }

    [Fact]
    public async Task A_head_request_is_refused_without_a_body()
    {
        await using var host = await RouteHost.StartAsync(app =>
            app.MapMethods("/", ["HEAD"], () => "").UseLimitCount(limit => LimitHost.Of(limit, 1)));

        await RouteHost.SendAsync(host.Client, "HEAD", "/");
        var refused = await RouteHost.SendAsync(host.Client, "HEAD", "/");

        (refused.Status, refused.Text).ShouldBe((429, ""));
    }
}
