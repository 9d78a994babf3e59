using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class EmbeddedHybridCacheTests
{
    private static readonly HybridCacheEntryOptions GetOnly = new() { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

    [Fact]
    public async Task It_gives_back_the_same_bytes_until_they_are_removed()
    {
        var cache = Create();
        var bytes = new byte[] { 1, 2, 3 };

        (await GetAsync(cache, "a")).ShouldBeNull();
        await cache.SetAsync("a", bytes);
        (await GetAsync(cache, "a")).ShouldBeSameAs(bytes);
        (await GetAsync(cache, "b")).ShouldBeNull();
        await cache.RemoveAsync("a");
        (await GetAsync(cache, "a")).ShouldBeNull();
    }

    [Fact]
    public async Task It_is_a_whole_hybrid_cache_for_bytes()
    {
        var cache = Create();

        var made = await cache.GetOrCreateAsync("a", _ => ValueTask.FromResult(new byte[] { 7 }));
        var again = await cache.GetOrCreateAsync<byte[]>("a", _ => throw new InvalidOperationException("It is there."));

        again.ShouldBeSameAs(made);
        await Should.ThrowAsync<NotSupportedException>(async () => await cache.SetAsync("b", "text"));
        await Should.ThrowAsync<NotSupportedException>(async () => await cache.RemoveByTagAsync("tag"));
    }

    [Fact]
    public async Task Its_memory_stays_bounded()
    {
        const int Size = 100_000;
        var cache = Create();

        for (var i = 0; i < 2_000; i++)
        {
            await cache.SetAsync($"key-{i}", new byte[Size]);
        }

        var kept = 0;
        for (var i = 0; i < 2_000; i++)
        {
            kept += await GetAsync(cache, $"key-{i}") is null ? 0 : 1;
        }

        kept.ShouldBeInRange(1, (64 << 20) / Size);
    }

    [Fact]
    public async Task Another_node_finds_it_in_the_second_level()
    {
        var distributed = new FakeDistributedCache();
        var one = Create(distributed);
        var other = Create(distributed);
        await one.SetAsync("a", new byte[] { 1, 2, 3 }, new HybridCacheEntryOptions { Expiration = TimeSpan.FromMinutes(7) });

        (await GetAsync(other, "a")).ShouldBe([1, 2, 3]);
        (await GetAsync(other, "a")).ShouldBe([1, 2, 3]);

        (distributed.Gets, distributed.LastOptions!.AbsoluteExpirationRelativeToNow).ShouldBe((1, TimeSpan.FromMinutes(7)));
    }

    [Fact]
    public async Task A_second_level_that_fails_is_left_out()
    {
        var logs = new LogCollector();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var cache = new EmbeddedHybridCache(NewMemory(), new FakeDistributedCache { Throws = true }, loggers.CreateLogger<EmbeddedHybridCache>());

        (await GetAsync(cache, "a")).ShouldBeNull();
        await cache.SetAsync("a", new byte[] { 1 });
        (await GetAsync(cache, "a")).ShouldBe([1]);

        logs.Entries.Count(entry => entry.EventId.Name == "StoreFailed").ShouldBe(2);
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

    private static EmbeddedHybridCache Create(IDistributedCache? distributed = null) => new(NewMemory(), distributed, NullLogger<EmbeddedHybridCache>.Instance);

    private static EntryMemory NewMemory() => new(new ProxyCacheStoreOptions().SizeLimit, TimeProvider.System);

    private static ValueTask<byte[]?> GetAsync(EmbeddedHybridCache cache, string key) =>
        cache.GetOrCreateAsync<object?, byte[]?>(key, null, static (_, _) => throw new InvalidOperationException("Never to be called."), GetOnly);
}
