using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>A store of the app that can be made to misbehave. It gives copies, as Microsoft's does with byte arrays.</summary>
internal sealed class FakeHybridCache : HybridCache
{
    private readonly ConcurrentQueue<HeldCall> _getsToHold = new();
    private readonly ConcurrentQueue<HeldCall> _setsToHold = new();

    public ConcurrentDictionary<string, byte[]> Entries { get; } = new();

    /// <summary>What other processes have stored, where the store has a second level.</summary>
    public ConcurrentDictionary<string, byte[]> SecondLevel { get; } = new();

    public List<HybridCacheEntryOptions?> SetOptions { get; } = [];

    public bool Throws { get; set; }

    public bool ThrowsLate { get; set; }

    public bool Hangs { get; set; }

    public bool HangsPastMemory { get; set; }

    public bool LosesEntries { get; set; }

    public void RegisterAsOwn(WebApplicationBuilder builder) => builder.Services.AddKeyedSingleton<HybridCache>("OpenAi.Gateway", this);

    public void RegisterAsApps(WebApplicationBuilder builder) => builder.Services.AddSingleton<HybridCache>(this);

    /// <summary>The next get looks at once and gives what it found when released.</summary>
    public HeldCall HoldNextGet() => HoldNext(_getsToHold);

    /// <summary>The next set stores nothing before it is released.</summary>
    public HeldCall HoldNextSet() => HoldNext(_setsToHold);

    public override async ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        var flags = options!.Flags.ShouldNotBeNull();
        flags.HasFlag(HybridCacheEntryFlags.DisableUnderlyingData).ShouldBeTrue();
        var level = flags.HasFlag(HybridCacheEntryFlags.DisableLocalCacheRead) ? SecondLevel : Entries;
        var found = level.GetValueOrDefault(key)?.ToArray();
        await WaitIfHeldAsync(_getsToHold);
        await MisbehaveAsync();
        if (HangsPastMemory && level == SecondLevel)
        {
            await new TaskCompletionSource().Task;
        }

        return (T)(object?)found!;
    }

    public override async ValueTask SetAsync<T>(
        string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        await WaitIfHeldAsync(_setsToHold);
        await MisbehaveAsync();
        SetOptions.Add(options);
        if (!LosesEntries)
        {
            Entries[key] = (byte[])(object)value!;
        }
    }

    public override async ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        await MisbehaveAsync();
        Entries.TryRemove(key, out _);
    }

    public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private static HeldCall HoldNext(ConcurrentQueue<HeldCall> calls)
    {
        var call = new HeldCall();
        calls.Enqueue(call);
        return call;
    }

    private static Task WaitIfHeldAsync(ConcurrentQueue<HeldCall> calls) => calls.TryDequeue(out var call) ? call.HoldAsync() : Task.CompletedTask;

    private async Task MisbehaveAsync()
    {
        if (ThrowsLate)
        {
            await Task.Yield();
        }

        if (Throws || ThrowsLate)
        {
            throw new IOException("The store is down.");
        }

        if (Hangs)
        {
            await new TaskCompletionSource().Task;
        }
    }
}
