using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OpenAi.Gateway.Tests.Ledger;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>What becomes of those who wait for a stream when the request that leads them does not go its usual way.</summary>
public class LeaderTests
{
    private const string Body = """{"model":"m","user":"why?","stream":true}""";
    private const string Done = "data: [DONE]\n\n";

    private static readonly string First = SharedStreamTests.First;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(77);

    [Fact]
    public async Task A_leader_that_fails_in_the_midst_breaks_the_answers_of_its_followers()
    {
        Exception? failure = null;
        var requests = 0;
        await using var host = await StartAsync(use: app => app.Use((context, next) =>
        {
            if (++requests == 1)
            {
                var client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
                context.Features.Set<IHttpResponseBodyFeature>(new UnsendableBody(client, () => failure));
            }

            return next(context);
        }));
        var (_, connection) = await SharedStreamTests.LeadAsync(host, Body);
        await using var follower = await SharedStreamTests.FollowAsync(host, Body);

        failure = new InvalidOperationException("Not today.");
        await connection.WriteChunkAsync(First);

        (await follower.ReadToCloseAsync()).ShouldBe(RawEnd.Reset);
    }

    [Fact]
    public async Task A_client_that_leaves_just_before_the_stream_begins_leaves_it_to_another_to_lead()
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isHere = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(route => route.TransformResponse((_, _) =>
        {
            isHere.TrySetResult();
            left.Task.Wait();
        }));
        var leader = await AskAsync(host);
        var first = await host.Upstream.NextRequestAsync();
        await using var follower = await AskAsync(host);
        await host.WhenDueAsync(Patience);
        await first.StartSseAsync();
        await isHere.Task.SoonAsync();

        leader.Reset();
        await host.ClientLeftAsync();
        left.SetResult();
        var second = await host.Upstream.NextRequestAsync();
        await second.StartSseAsync();
        await second.WriteChunkAsync(First + Done);
        await second.EndChunksAsync();

        (await follower.ReadUntilAsync("0\r\n\r\n")).ShouldContain(First + Done);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_client_leaves_before_there_is_an_answer_one_of_the_others_leads_and_only_one(bool isStream)
    {
        var body = isStream ? Body : Body.Replace(",\"stream\":true", "");
        await using var host = await StartAsync();
        var leader = await AskAsync(host, body);
        await host.Upstream.NextRequestAsync();
        var others = new[] { host.PostAsync(body), host.PostAsync(body), host.PostAsync(body) };
        await host.Time.WhenArmedAsync(1 + 3);

        leader.Reset();
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{\"answer\":2}");
        var replies = await Task.WhenAll(others);

        replies.Select(reply => (reply.Cache, reply.Text)).Order()
            .ShouldBe([("HIT", "{\"answer\":2}"), ("HIT", "{\"answer\":2}"), ("MISS", "{\"answer\":2}")]);
        host.UpstreamCalls.ShouldBe(2);
    }

    [Fact]
    public async Task Who_is_told_in_the_stream_that_it_broke_off_is_not_reset_too_which_might_lose_the_words()
    {
        await using var host = await StartAsync();
        var (leader, connection) = await SharedStreamTests.LeadAsync(host, Body);
        await using var follower = await SharedStreamTests.FollowAsync(host, Body);

        connection.Reset();

        foreach (var client in new[] { leader, follower })
        {
            await client.ReadUntilAsync("event: error\ndata: ");
            (await client.ReadToCloseAsync()).ShouldBe(RawEnd.Complete);
        }
    }

    [Fact]
    public async Task What_is_no_stream_is_not_read_along_so_that_nobody_gets_half_of_it()
    {
        await using var host = await StartAsync();
        await using var leader = await AskAsync(host);
        var first = await host.Upstream.NextRequestAsync();
        var following = host.PostAsync(Body);
        await host.WhenDueAsync(Patience);

        await first.WriteHeadAsync(200, ("Content-Type", "application/json"), ("Content-Length", "100"));
        await first.WriteAsync("{\"half");
        await leader.ReadUntilAsync("{\"half");
        first.Reset();
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{\"answer\":2}");

        (await following).Text.ShouldBe("{\"answer\":2}");
    }

    [Fact]
    public async Task A_leaders_client_that_is_still_there_sees_that_its_answer_is_cut_when_only_the_others_get_the_rest()
    {
        using var client = new CancellationTokenSource();
        var lifetime = new Lifetime { RequestAborted = client.Token };
        var requests = 0;
        await using var host = await StartAsync(use: app => app.Use((context, next) =>
        {
            if (++requests == 1)
            {
                lifetime.Server = context.Features.Get<IHttpRequestLifetimeFeature>();
                context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
            }

            return next(context);
        }));
        var (leader, connection) = await SharedStreamTests.LeadAsync(host, Body);
        await using var follower = await SharedStreamTests.FollowAsync(host, Body);

        await client.CancelAsync();

        (await leader.ReadToCloseAsync()).ShouldBe(RawEnd.Reset);
        await connection.WriteChunkAsync(Done);
        await connection.EndChunksAsync();
        await follower.ReadUntilAsync("0\r\n\r\n");
    }

    [Fact]
    public async Task Behind_the_cache_the_request_has_its_own_lifetime_again_and_nothing_watches_it_for_the_stream()
    {
        using var client = new CancellationTokenSource();
        var lifetime = new Lifetime { RequestAborted = client.Token };
        CancellationToken watched = default;
        IHttpRequestLifetimeFeature? afterwards = null;
        await using var host = await StartAsync(
            route => route.TransformResponse((context, _) => watched = context.RequestAborted),
            app => app.Use(async (context, next) =>
            {
                context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
                await next(context);
                afterwards = context.Features.Get<IHttpRequestLifetimeFeature>();
            }));
        var asking = host.PostAsync(Body);
        var connection = await host.Upstream.NextRequestAsync();
        await connection.StartSseAsync();
        await connection.WriteChunkAsync(First + Done);
        await connection.EndChunksAsync();
        await asking;

        await client.CancelAsync();

        afterwards.ShouldBeSameAs(lifetime);
        (watched.CanBeCanceled, watched.IsCancellationRequested).ShouldBe((true, false));
    }

    private static Task<CacheHost> StartAsync(Action<OpenAiRouteBuilder>? route = null, Action<WebApplication>? use = null) => CacheHost.StartAsync(
        script: null,
        map: app =>
        {
            use?.Invoke(app);
            var mapped = CacheHost.MapAsk(app).UseProxyCache(cache => cache.LockTimeout = Patience);
            route?.Invoke(mapped);
        },
        upstream: upstream => upstream.AsksForUsage = false);

    private static async Task<RawHttp> AskAsync(CacheHost host, string body = Body)
    {
        var client = host.Gateway.Connect();
        await client.SendAsync(SharedStreamTests.Raw(body));
        return client;
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public IHttpRequestLifetimeFeature? Server { get; set; }

        public void Abort() => Server!.Abort();
    }
}
