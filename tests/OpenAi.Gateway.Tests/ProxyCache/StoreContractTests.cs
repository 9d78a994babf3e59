using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class StoreContractTests
{
    [Theory]
    [InlineData("embedded", "HIT")]
    [InlineData("copies", "HIT")]
    [InlineData("loses", "MISS")]
    [InlineData("throws", "MISS")]
    [InlineData("throws late", "MISS")]
    public async Task No_store_fails_a_request(string behaviour, string cache)
    {
        var store = new FakeHybridCache
        {
            LosesEntries = behaviour == "loses",
            Throws = behaviour == "throws",
            ThrowsLate = behaviour == "throws late",
        };
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(), build: behaviour == "embedded" ? null : store.RegisterAsOwn);

        var replies = new[] { await host.AskAsync(), await host.AskAsync() };

        replies.ShouldAllBe(reply => reply.Status == 200);
        replies.Select(reply => reply.Cache).ShouldBe(["MISS", cache]);
        host.Gateway.Logs.Entries.Any(entry => entry.EventId.Name == "StoreFailed").ShouldBe(behaviour.StartsWith("throws"));
        host.Gateway.Logs.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task A_store_that_hangs_delays_a_request_only_for_a_while()
    {
        var store = new FakeHybridCache { Hangs = true };
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: store.RegisterAsOwn);

        // Once, and not again when it looks as the leader and stores what came.
        var asking = host.AskAsync();
        await host.WhenDueAsync(StorePatience.Longest);
        host.Time.Advance(StorePatience.Longest);

        var reply = await asking;
        (reply.Status, reply.Cache).ShouldBe((200, "MISS"));
        host.Gateway.Logs.Entries.Count(entry => entry.EventId.Name == "StoreFailed").ShouldBe(1);
    }

    [Fact]
    public async Task When_one_request_has_waited_in_vain_for_a_store_the_next_ones_do_not_wait_for_long()
    {
        var store = new FakeHybridCache { Hangs = true };
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: store.RegisterAsOwn);

        foreach (var patience in new[] { StorePatience.Longest, StorePatience.Moment, StorePatience.Moment })
        {
            var asking = host.AskAsync();
            await host.WhenDueAsync(patience);
            host.Time.Advance(patience);
            (await asking).Cache.ShouldBe("MISS");
            host.Time.Advance(StorePatience.Moment); // What came is being stored for so long, without the client.
        }

        // They ask it all the same, so that none misses its return.
        store.Hangs = false;
        (await host.AskAsync()).Cache.ShouldBe("MISS");
        (await host.AskAsync()).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task A_store_that_does_not_take_an_answer_delays_it_only_a_moment()
    {
        var store = new FakeHybridCache();
        store.HoldNextSet();
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: store.RegisterAsOwn);

        var asking = host.AskAsync();
        await host.WhenDueAsync(StorePatience.Moment);
        host.Time.Advance(StorePatience.Moment);

        (await asking).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task A_second_level_that_hangs_keeps_no_answer_out_of_the_first_nor_the_next_request_waiting()
    {
        var second = new FakeDistributedCache { Hangs = true };
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(), build: builder => builder.Services.AddSingleton<IDistributedCache>(second));

        var asking = host.AskAsync();
        await host.WhenDueAsync(StorePatience.Longest);
        host.Time.Advance(StorePatience.Longest);

        (await asking).Cache.ShouldBe("MISS");
        (await host.AskAsync()).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task What_another_process_has_renewed_in_the_second_level_is_found()
    {
        var store = new FakeHybridCache();
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: store.RegisterAsOwn);
        await host.AskAsync();
        var (key, old) = store.Entries.Single();
        host.Time.Advance(CacheHost.Ttl);
        store.SecondLevel[key] = CacheEntryFormat.Write(CacheEntryFormat.Read(old)! with { StoredAt = host.Time.GetUtcNow() });

        (await host.AskAsync()).Cache.ShouldBe("HIT");

        host.UpstreamCalls.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_the_second_level_hangs_an_old_answer_is_still_there_for_a_failing_upstream(bool isHybrid)
    {
        var (hybrid, distributed) = (new FakeHybridCache(), new FakeDistributedCache());
        await using var host = await CacheHost.StartAsync(
            CacheHost.OneAfterAnother(CacheHost.Numbered(), connection => connection.WriteJsonAsync("{}", 500)),
            cache => cache.StaleIfError = TimeSpan.FromHours(1),
            builder =>
            {
                builder.Services.AddSingleton<IDistributedCache>(distributed);
                if (isHybrid)
                {
                    hybrid.RegisterAsOwn(builder);
                }
            });
        await host.AskAsync();
        host.Time.Advance(CacheHost.Ttl);
        hybrid.HangsPastMemory = distributed.Hangs = true;

        var asking = host.AskAsync();
        await host.WhenDueAsync(StorePatience.Longest);
        host.Time.Advance(StorePatience.Longest);

        (await asking).Cache.ShouldBe("STALE");
    }

    [Fact]
    public async Task The_gateways_own_store_comes_before_the_apps()
    {
        var (own, apps) = (new FakeHybridCache(), new FakeHybridCache());
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: builder =>
        {
            own.RegisterAsOwn(builder);
            apps.RegisterAsApps(builder);
        });

        await host.AskAsync();

        (own.Entries.Count, apps.Entries.Count).ShouldBe((1, 0));
    }

    [Theory]
    [InlineData(5, 0, 10)]
    [InlineData(5, 30, 40)]
    [InlineData(60, 30, 100)]
    public async Task The_apps_store_comes_before_the_embedded_one_and_forgets_what_is_of_no_use_any_more(int ttl, int stale, int kept)
    {
        var apps = new FakeHybridCache();
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(),
            cache => (cache.Ttl, cache.StaleIfError) = (TimeSpan.FromMinutes(ttl), TimeSpan.FromMinutes(stale)),
            apps.RegisterAsApps);

        await host.AskAsync();

        apps.Entries.Count.ShouldBe(1);
        var options = apps.SetOptions.ShouldHaveSingleItem()!;
        (options.Expiration, options.LocalCacheExpiration).ShouldBe((TimeSpan.FromMinutes(kept), TimeSpan.FromMinutes(kept)));
    }

    [Fact]
    public async Task Another_versions_or_broken_bytes_count_as_nothing()
    {
        var store = new FakeHybridCache();
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: store.RegisterAsOwn);
        await host.AskAsync();
        var (key, whole) = store.Entries.Single();

        // A control character in a header's value is one that no server sends.
        var withBadHeader = whole.ToArray();
        withBadHeader[whole.AsSpan().IndexOf("json"u8)] = 1;

        foreach (var bytes in new byte[][] { [], [2], [1, .. whole[1..]], [3, .. whole[1..]], whole[..^1], [.. whole, 0], new byte[300], withBadHeader })
        {
            store.Entries[key] = bytes;
            (await host.AskAsync()).Cache.ShouldBe("MISS");
            store.Entries[key].Length.ShouldBe(whole.Length);
            (await host.AskAsync()).Cache.ShouldBe("HIT");
        }
    }

    [Fact]
    public async Task Neither_prompt_nor_names_show_in_keys_nor_credentials_in_entries()
    {
        var store = new FakeHybridCache();
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(("X-Echo", CacheHost.ProviderKey), ("Set-Cookie", "session=s3cret")),
            build: store.RegisterAsOwn,
            map: app => CacheHost.MapAsk(app)
                .UseBasicAuthConsumers(consumers => consumers.Add("consumer-alice", "alice", "pw-alice"))
                .UseProxyCache());

        await host.AskAsync("my-prompt", headers: ("Authorization", CacheHost.Basic("alice")));

        var (key, bytes) = store.Entries.ShouldHaveSingleItem();
        key.ShouldMatch("^oag:1:[0-9a-f]{64}$");
        var entry = System.Text.Encoding.UTF8.GetString(bytes);
        entry.ShouldContain("{\"answer\":1}");
        foreach (var secret in new[] { CacheHost.ProviderKey, "alice", CacheHost.Basic("alice")[6..], "my-prompt", "s3cret" })
        {
            entry.ShouldNotContain(secret);
        }
    }
}
