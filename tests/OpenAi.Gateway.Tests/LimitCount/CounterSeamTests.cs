using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitCount;

public class CounterSeamTests
{
    private static readonly TimeSpan Patience = StorePatience.Longest;

    private readonly ScriptedCounter _counter = new();

    [Fact]
    public async Task An_apps_own_counter_is_used_and_told_all_it_needs()
    {
        await using var host = await StartAsync(limit => LimitHost.Of(limit, 2, 30).Group = "products");

        (await host.GetAsync("/")).Quota().ShouldBe(("2", "1", "30"));

        _counter.Reserved.ShouldHaveSingleItem().ShouldBe((new LimitKey("group:products:address", "127.0.0.1"), 1, 2, TimeSpan.FromSeconds(30)));
        host.Server.Services.GetRequiredService<LimitCounter>().ShouldBeSameAs(_counter);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_counter_is_down_nobody_passes(bool hasSecondLimit)
    {
        await using var host = await StartAsync(limit => LimitHost.Of(limit, 1), hasSecondLimit);
        _counter.IsDown = true;

        var refused = await host.GetAsync("/");

        refused.Status.ShouldBe(503);
        refused.Text.ShouldBe(
            """{"error_msg":"The request limit cannot be checked at the moment.","error":{"message":"The request limit cannot be checked at the moment.","type":"server_error","param":null,"code":"limit_unavailable"}}""");
        var logged = host.Server.Logs.Entries.Where(entry => entry.EventId.Id == 1401).ShouldHaveSingleItem();
        (logged.Level, logged.Exception?.Message).ShouldBe((LogLevel.Error, "The store is down."));
        _counter.IsDown = false;
        (await host.GetAsync("/")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_limit_that_allows_it_lets_all_pass_while_the_counter_is_down(bool hasSecondLimit)
    {
        await using var host = await StartAsync(limit => LimitHost.Of(limit, 1).AllowDegradation = true, hasSecondLimit);
        _counter.IsDown = true;

        for (var i = 0; i < 3; i++)
        {
            var passed = await host.GetAsync("/");
            (passed.Status, passed.Quota().Limit).ShouldBe((200, null));
        }

        // Once a minute, however many requests meet it.
        host.Server.Logs.Entries.Where(entry => entry.EventId.Id == 1401).ShouldHaveSingleItem().Level.ShouldBe(LogLevel.Error);
    }

    [Theory]
    [InlineData(false, 503)]
    [InlineData(true, 200)]
    public async Task A_counter_that_does_not_answer_is_down(bool allowsDegradation, int status)
    {
        var time = new ManualTimeProvider();
        await using var host = await StartSilentAsync(allowsDegradation, time);

        (await AskInVainAsync(host, time)).Status.ShouldBe(status);

        host.Server.Logs.Entries.ShouldContain(entry => entry.EventId.Id == 1401 && entry.Exception is TimeoutException);
    }

    [Fact]
    public async Task A_counter_that_does_not_answer_is_waited_for_once_however_many_limits_there_are()
    {
        var time = new ManualTimeProvider();
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/{**path}", "openai")
                .UseLimitCount(limit => Allow(limit, "silent"))
                .UseLimitCount(limit => Allow(limit, "second"))
                .UseLimitTokens(limit => (limit.Count, limit.TimeWindow, limit.AllowDegradation) = (1_000, TimeSpan.FromMinutes(1), true)),
            builder => builder.Services.AddSingleton<LimitCounter>(_counter).AddSingleton<TimeProvider>(time));
        _counter.SilentLimit = "group:silent:address";

        var asking = host.AskAsync("""{"model":"m","messages":[],"max_tokens":5}""");
        await _counter.WhenSilent.SoonAsync();
        await time.WhenDueAsync(left => left == Patience);
        time.Advance(Patience);

        (await asking).Status.ShouldBe(200);
        _counter.Reserved.ShouldBeEmpty();

        static void Allow(LimitCountOptions limit, string group) => (LimitHost.Of(limit, 1).Group, limit.AllowDegradation) = (group, true);
    }

    [Fact]
    public async Task When_one_request_has_waited_in_vain_for_a_counter_the_next_ones_do_not_wait_for_long_and_are_counted_as_soon_as_it_answers()
    {
        var time = new ManualTimeProvider();
        await using var host = await StartSilentAsync(allowsDegradation: true, time);
        (await AskInVainAsync(host, time, Patience)).Status.ShouldBe(200);

        (await AskInVainAsync(host, time, StorePatience.Moment)).Quota().Limit.ShouldBeNull();

        _counter.SilentLimit = null;
        (await host.GetAsync("/")).Quota().ShouldBe(("1", "0", "60"));
        (await host.GetAsync("/")).Status.ShouldBe(429);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_counter_grants_too_late_is_given_back(bool allowsDegradation)
    {
        var time = new ManualTimeProvider();
        await using var host = await StartSilentAsync(allowsDegradation, time);
        await AskInVainAsync(host, time);

        _counter.AnswerLate();
        await _counter.WhenSettled.SoonAsync();

        _counter.Settled.ShouldHaveSingleItem().ShouldBe((new LimitKey("group:silent:address", "127.0.0.1"), 1, 0));
        _counter.SilentLimit = null;
        (await host.GetAsync("/")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_counter_that_does_not_take_back_holds_no_answer_for_long()
    {
        var time = new ManualTimeProvider();
        await using var host = await RouteHost.StartAsync(
            app => app.MapGet("/", () => "in")
                .UseLimitCount(limit => LimitHost.Of(limit, 5).Group = "first")
                .UseLimitCount(limit => LimitHost.Of(limit, 1).Group = "second"),
            builder => builder.Services.AddSingleton<LimitCounter>(_counter).AddSingleton<TimeProvider>(time));
        _counter.IsSilentWhenSettling = true;
        (await host.GetAsync("/")).Status.ShouldBe(200);

        (await AskInVainAsync(host, time, StorePatience.Moment)).Status.ShouldBe(429);
        _counter.Settled.ShouldHaveSingleItem().Key.Limit.ShouldBe("group:first:address");
    }

    [Fact]
    public async Task A_counter_that_does_not_settle_is_waited_for_once_and_told_all()
    {
        var time = new ManualTimeProvider();
        var ended = new TaskCompletionSource();
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                app.Use(async (context, next) =>
                {
                    await next(context);
                    ended.SetResult();
                });
                app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitTokens(limit => Of(limit, "one")).UseLimitTokens(limit => Of(limit, "two"));
            },
            builder => builder.Services.AddSingleton<LimitCounter>(_counter).AddSingleton<TimeProvider>(time));
        _counter.IsSilentWhenSettling = true;

        var asking = host.AskAsync("""{"model":"m","messages":[],"max_tokens":5}""");
        await _counter.WhenSilent.SoonAsync();
        await time.WhenDueAsync(left => left == StorePatience.Moment);
        time.Advance(StorePatience.Moment);

        (await asking).Status.ShouldBe(200);
        await ended.Task.SoonAsync();
        _counter.Settled.Select(settled => settled.Key.Limit).ShouldBe(["tokens:group:one:address", "tokens:group:two:address"]);

        static void Of(LimitTokensOptions limit, string group) => (limit.Count, limit.TimeWindow, limit.Group) = (1_000, TimeSpan.FromMinutes(1), group);
    }

    [Fact]
    public async Task A_counter_that_does_not_settle_holds_up_the_next_request_on_the_connection_only_a_moment()
    {
        var time = new ManualTimeProvider();
        var firstHalf = new TaskCompletionSource();
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitTokens(limit => (limit.Count, limit.TimeWindow) = (1_000, TimeSpan.FromMinutes(1)));
                app.MapGet("/free", () => "in");
            },
            builder => builder.Services.AddSingleton<LimitCounter>(_counter).AddSingleton<TimeProvider>(time),
            async connection =>
            {
                await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{");
                await firstHalf.Task;
                await connection.WriteAsync("}");
            });
        _counter.IsSilentWhenSettling = true;
        await using var client = host.Server.Connect();
        const string Body = """{"model":"m","messages":[],"max_tokens":5}""";
        await client.SendAsync($"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
        await client.ReadUntilAsync("{");
        firstHalf.SetResult();
        await client.ReadUntilAsync("}");

        await client.SendAsync("GET /free HTTP/1.1\r\nHost: h\r\n\r\n");
        await time.WhenDueAsync(left => left == StorePatience.Moment);
        time.Advance(StorePatience.Moment);

        (await client.ReadAnswerAsync()).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_counter_that_fails_between_two_limits_costs_the_first_one_nothing_for_long()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapGet("/", () => "in")
                .UseLimitCount(limit => LimitHost.Of(limit, 1).Group = "first")
                .UseLimitCount(limit => LimitHost.Of(limit, 1).UseKey(_ =>
                {
                    _counter.IsDown = true;
                    return "key";
                })),
            builder => builder.Services.AddSingleton<LimitCounter>(_counter));

        (await host.GetAsync("/")).Status.ShouldBe(503);

        _counter.Reserved.ShouldHaveSingleItem().Key.Limit.ShouldBe("group:first:address");
        host.Server.Logs.Entries.Count(entry => entry.EventId.Id == 1401).ShouldBe(1, "the reservation and the return failed: once a minute is enough");
    }

    [Fact]
    public async Task A_limit_that_lets_all_pass_while_its_counter_is_down_leaves_the_other_limits_as_they_are()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapGet("/", () => "in")
                .UseLimitCount(limit =>
                {
                    LimitHost.Of(limit, 9).AllowDegradation = true;
                    limit.UseKey(_ => $"{_counter.IsDown = true}");
                })
                .UseLimitCount(limit => LimitHost.Of(limit, 1).UseKey(_ => $"{_counter.IsDown = false}")),
            builder => builder.Services.AddSingleton<LimitCounter>(_counter));

        (await host.GetAsync("/")).Quota().ShouldBe(("1", "0", "60"));
        (await host.GetAsync("/")).ShouldBeRefusedBy("1", "60");
    }

    [Fact]
    public async Task A_client_that_leaves_between_two_limits_costs_the_first_one_nothing()
    {
        var ended = new TaskCompletionSource();
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                app.Use(async (context, next) =>
                {
                    await ((Task)next(context)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    ended.SetResult();
                });
                app.MapGet("/", () => "in")
                    .UseLimitCount(limit => LimitHost.Of(limit, 1).Group = "first")
                    .UseLimitCount(limit => LimitHost.Of(limit, 1).Group = "second");
            },
            builder => builder.Services.AddSingleton<LimitCounter>(_counter));
        _counter.SilentLimit = "group:second:address";
        await using var client = host.Server.Connect();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n");
        await _counter.WhenSilent.SoonAsync();

        client.Reset();
        await ended.Task.SoonAsync();

        _counter.Settled.ShouldHaveSingleItem().ShouldBe((new LimitKey("group:first:address", "127.0.0.1"), 1, 0));
    }

    private Task<RouteHost> StartSilentAsync(bool allowsDegradation, TimeProvider time)
    {
        _counter.SilentLimit = "group:silent:address";
        return StartAsync(
            limit =>
            {
                LimitHost.Of(limit, 1).AllowDegradation = allowsDegradation;
                limit.Group = "silent";
            },
            time: time);
    }

    // Asks while the counter does not answer, until the gateway waits for it no more.
    private async Task<RouteAnswer> AskInVainAsync(RouteHost host, ManualTimeProvider time, TimeSpan? patience = null)
    {
        var asking = host.GetAsync("/");
        await _counter.WhenSilent.SoonAsync();
        await time.WhenDueAsync(left => left == (patience ?? Patience));
        time.Advance(patience ?? Patience);
        return await asking;
    }

    private Task<RouteHost> StartAsync(Action<LimitCountOptions> configure, bool hasSecondLimit = false, TimeProvider? time = null) => RouteHost.StartAsync(
        app =>
        {
            var route = app.MapGet("/", () => "in").UseLimitCount(configure);
            if (hasSecondLimit)
            {
                route.UseLimitCount(configure);
            }
        },
        builder => builder.Services.AddSingleton<LimitCounter>(_counter).AddSingleton(time ?? TimeProvider.System));
}
