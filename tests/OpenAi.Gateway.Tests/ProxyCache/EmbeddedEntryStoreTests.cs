using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class EmbeddedEntryStoreTests
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SevenMinutes = TimeSpan.FromMinutes(7);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task It_gives_back_the_same_answer_until_it_is_removed()
    {
        var store = Create();

        (await BodyAsync(store, "a")).ShouldBeNull();
        await SetAsync(store, "a", "answer");
        (await BodyAsync(store, "a")).ShouldBe("answer");
        (await BodyAsync(store, "b")).ShouldBeNull();
        await store.RemoveAsync(Keys.Of("a"));
        (await BodyAsync(store, "a")).ShouldBeNull();
    }

    [Fact]
    public async Task What_was_read_of_an_answer_is_kept()
    {
        var store = Create();
        await SetAsync(store, "a", "answer");

        var first = await store.GetAsync(Keys.Of("a"));

        first.ShouldNotBeNull();
        (await store.GetAsync(Keys.Of("a"))).ShouldBeSameAs(first);
    }

    [Fact]
    public async Task Its_memory_stays_bounded()
    {
        var store = Create();
        var body = new string('x', 100_000);

        for (var i = 0; i < 2_000; i++)
        {
            await SetAsync(store, $"key-{i}", body);
        }

        var kept = 0;
        for (var i = 0; i < 2_000; i++)
        {
            kept += await store.GetAsync(Keys.Of($"key-{i}")) is null ? 0 : 1;
        }

        kept.ShouldBeInRange(1, (64 << 20) / body.Length);
    }

    [Fact]
    public async Task Another_node_finds_it_in_the_second_level()
    {
        var distributed = new FakeDistributedCache();
        var one = Create(distributed);
        var other = Create(distributed);
        await SetAsync(one, "a", "answer");

        (await BodyAsync(other, "a")).ShouldBe("answer");
        (await BodyAsync(other, "a")).ShouldBe("answer");

        (distributed.Gets, distributed.LastOptions!.AbsoluteExpirationRelativeToNow).ShouldBe((1, SevenMinutes));
        await other.RemoveAsync(Keys.Of("a"));
        distributed.Entries.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_another_node_has_renewed_is_found()
    {
        var distributed = new FakeDistributedCache();
        var one = Create(distributed);
        var other = Create(distributed);
        await SetAsync(one, "a", "old");
        _time.Advance(FreshFor);
        await SetAsync(other, "a", "renewed");

        (await BodyAsync(one, "a")).ShouldBe("renewed");
    }

    [Fact]
    public async Task An_answer_whose_time_is_over_is_given_when_nobody_has_renewed_it()
    {
        var one = Create(new FakeDistributedCache());
        var alone = Create();
        await SetAsync(one, "a", "old");
        await SetAsync(alone, "a", "old");
        _time.Advance(FreshFor);

        (await BodyAsync(one, "a")).ShouldBe("old");
        (await BodyAsync(alone, "a")).ShouldBe("old");
    }

    [Fact]
    public async Task What_another_node_has_purged_is_given_for_a_minute_at_most()
    {
        var distributed = new FakeDistributedCache();
        var one = Create(distributed);
        var other = Create(distributed);
        await SetAsync(one, "a", "answer");
        _time.Advance(TimeSpan.FromSeconds(30));
        await BodyAsync(other, "a");
        await Create(distributed).RemoveAsync(Keys.Of("a"));

        _time.Advance(TimeSpan.FromSeconds(29));
        (await BodyAsync(one, "a")).ShouldBe("answer");
        _time.Advance(TimeSpan.FromSeconds(1));
        (await BodyAsync(one, "a")).ShouldBeNull();
        (await BodyAsync(other, "a")).ShouldBe("answer");
        _time.Advance(TimeSpan.FromSeconds(30));
        (await BodyAsync(other, "a")).ShouldBeNull();

        // Nor does it come back when the second level fails later.
        distributed.Throws = true;
        (await BodyAsync(one, "a")).ShouldBeNull();
    }

    [Fact]
    public async Task While_the_second_level_fails_memory_answers_as_long_as_it_would_alone()
    {
        var distributed = new FakeDistributedCache();
        var store = Create(distributed);
        await SetAsync(store, "a", "answer");
        distributed.Throws = true;

        _time.Advance(SevenMinutes - TimeSpan.FromSeconds(1));
        (await BodyAsync(store, "a")).ShouldBe("answer");
        _time.Advance(TimeSpan.FromSeconds(1));
        (await BodyAsync(store, "a")).ShouldBeNull();
    }

    [Fact]
    public async Task It_stays_in_memory_for_its_own_time_when_the_second_level_still_has_it()
    {
        var distributed = new FakeDistributedCache();
        var store = Create(distributed);
        await SetAsync(store, "a", "answer");
        _time.Advance(TimeSpan.FromMinutes(1));
        await BodyAsync(store, "a");
        distributed.Throws = true;

        _time.Advance(TimeSpan.FromMinutes(3));
        (await BodyAsync(store, "a")).ShouldBe("answer");
    }

    [Fact]
    public async Task Only_one_request_a_minute_looks_at_the_second_level()
    {
        var distributed = new FakeDistributedCache();
        var store = Create(distributed);
        await SetAsync(store, "a", "answer");
        _time.Advance(TimeSpan.FromMinutes(1));
        distributed.Hangs = true;

        var looking = store.GetAsync(Keys.Of("a")).AsTask();
        looking.IsCompleted.ShouldBeFalse();
        (await BodyAsync(store, "a").SoonAsync()).ShouldBe("answer");
    }

    [Fact]
    public async Task Bytes_that_are_no_answer_are_not_kept_in_memory()
    {
        var distributed = new FakeDistributedCache();
        var store = Create(distributed);
        distributed.Entries[Keys.Of("a").ToString()] = [9, 9, 9];
        (await BodyAsync(store, "a")).ShouldBeNull();

        await SetAsync(Create(distributed), "a", "answer");

        (await BodyAsync(store, "a")).ShouldBe("answer");
    }

    [Fact]
    public async Task A_second_level_that_fails_is_left_out()
    {
        var logs = new LogCollector();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var store = new EmbeddedEntryStore(NewMemory(), new FakeDistributedCache { Throws = true }, _time, new StoreFailures(_time, loggers.CreateLogger("cache")));

        (await BodyAsync(store, "a")).ShouldBeNull();
        await SetAsync(store, "a", "answer");
        (await BodyAsync(store, "a")).ShouldBe("answer");

        Logged().ShouldBe(1);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await BodyAsync(store, "a")).ShouldBe("answer");
        Logged().ShouldBe(2, "at most once a minute");

        int Logged() => logs.Entries.Count(entry => entry.EventId.Name == "StoreFailed");
    }

    [Fact]
    public async Task The_gateway_uses_the_apps_distributed_cache_across_a_restart()
    {
        var distributed = new FakeDistributedCache();
        await using (var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: Register))
        {
            (await host.AskAsync()).Cache.ShouldBe("MISS");
        }

        await using var restarted = await CacheHost.StartAsync(CacheHost.Numbered(), build: Register);
        (await restarted.AskAsync()).Cache.ShouldBe("HIT");
        restarted.UpstreamCalls.ShouldBe(0);

        void Register(Microsoft.AspNetCore.Builder.WebApplicationBuilder builder) => builder.Services.AddSingleton<IDistributedCache>(distributed);
    }

    [Fact]
    public async Task A_distributed_cache_in_memory_is_no_second_level()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: builder => builder.Services.AddDistributedMemoryCache());
        await host.AskAsync();
        var store = host.Gateway.Services.GetRequiredService<IDistributedCache>().ShouldBeOfType<MemoryDistributedCache>();

        (await host.AskAsync()).Cache.ShouldBe("HIT");
        (await store.GetAsync(await KeyAsync())).ShouldBeNull();
    }

    // The key is the same everywhere: a store that can be looked into shows it.
    private static async Task<string> KeyAsync()
    {
        var distributed = new FakeDistributedCache();
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(), build: builder => builder.Services.AddSingleton<IDistributedCache>(distributed));
        await host.AskAsync();
        return distributed.Entries.Keys.Single();
    }

    private EmbeddedEntryStore Create(IDistributedCache? distributed = null) => new(NewMemory(), distributed, _time, new StoreFailures(_time, NullLogger.Instance));

    private EntryMemory NewMemory() => new(new ProxyCacheStoreOptions().SizeLimit, _time);

    private ValueTask SetAsync(EmbeddedEntryStore store, string key, string body) => store.SetAsync(
        Keys.Of(key), new CacheEntry(200, _time.GetUtcNow(), FreshFor, [], Encoding.UTF8.GetBytes(body)), SevenMinutes);

    private static async Task<string?> BodyAsync(EmbeddedEntryStore store, string key) =>
        await store.GetAsync(Keys.Of(key)) is { } entry ? Encoding.UTF8.GetString(entry.Body.Span) : null;
}
