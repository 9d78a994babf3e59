using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class ProxyCacheStoreOptionsTests
{
    private const int MiB = 1 << 20;

    [Theory]
    [InlineData(MiB - 1)]
    [InlineData(-1)]
    [InlineData((1L << 40) + 1)]
    public async Task A_wrong_limit_stops_the_app(long limit)
    {
        var error = await Should.ThrowAsync<OptionsValidationException>(
            () => StartAsync(builder => builder.Services.AddProxyCache(cache => cache.SizeLimit = limit)));

        error.Message.ShouldStartWith("AddProxyCache: ");
        error.Message.ShouldContain("SizeLimit must be between 1048576 and 1099511627776 bytes: the memory of stored answers.");
    }

    [Fact]
    public async Task A_missing_section_stops_the_app()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(
            () => StartAsync(builder => builder.Services.AddProxyCache(builder.Configuration.GetSection("Store"))));

        error.Message.ShouldContain("'Store' does not exist");
    }

    [Fact]
    public async Task A_misspelt_name_stops_the_app()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(() => StartFromAsync(("Store:Sizelimits", "1048576")));

        error.Message.ShouldContain("Sizelimits");
    }

    [Theory]
    [InlineData(null, 64 * MiB)]
    [InlineData("1048576", MiB)]
    public async Task As_much_is_stored_as_the_limit_says(string? setting, long limit)
    {
        const int Size = 300_000;
        await using var host = setting is null ? await StartAsync(_ => { }) : await StartFromAsync(("Store:SizeLimit", setting));
        var cache = host.Gateway.Services.GetRequiredService<GatewayCache>();
        var request = GatewayRequest.Of(new DefaultHttpContext());
        var entry = new CacheEntry(200, host.Time.GetUtcNow(), CacheHost.Ttl, [], new byte[Size]);

        var stored = limit / Size + 10;
        for (var i = 0; i < stored; i++)
        {
            await cache.SetAsync(request, new CacheKey(0, (UInt128)i), entry, CacheHost.Ttl);
        }

        var kept = 0;
        for (var i = 0; i < stored; i++)
        {
            kept += await cache.GetAsync(request, new CacheKey(0, (UInt128)i)) is null ? 0 : 1;
        }

        kept.ShouldBe((int)(limit / (Size + 300)));
    }

    private static Task<CacheHost> StartAsync(Action<WebApplicationBuilder> build) => CacheHost.StartAsync(CacheHost.Numbered(), build: build);

    private static Task<CacheHost> StartFromAsync((string Name, string Value) setting) => StartAsync(builder =>
    {
        builder.Configuration.AddInMemoryCollection([new(setting.Name, setting.Value)]);
        builder.Services.AddProxyCache(builder.Configuration.GetSection("Store"));
    });
}
