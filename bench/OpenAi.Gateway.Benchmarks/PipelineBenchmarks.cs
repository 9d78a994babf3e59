using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;
using OpenAi.Gateway.Testing;
using OpenAi.Gateway.Tests.Performance;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>
/// Whole requests over a Kestrel without sockets, client included, and beside them the floors: an app that answers with a constant, and one that
/// forwards and checks nothing. The allocations of the floors are to be taken off.
/// </summary>
[MemoryDiagnoser]
public class PipelineBenchmarks
{
    private static readonly byte[] Constant = PipelineHost.RequestTo(FloorApp.Constant);
    private static readonly byte[] Cached = PipelineHost.RequestTo(PipelineHost.Cached);
    private static readonly byte[] Plain = PipelineHost.RequestTo(PipelineHost.Plain);
    private static readonly byte[] Limited = PipelineHost.RequestTo(PipelineHost.Limited);

    private PipelineHost _host = null!;
    private PreparedClient _gateway = null!;
    private PreparedClient _floor = null!;

    [Params(false, true)]
    public bool IsMetered { get; set; }

    // The toolchain does not wait for a set-up that is a task.
    [GlobalSetup]
    public void SetUp() => SetUpAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void CleanUp()
    {
        _gateway.Dispose();
        _floor.Dispose();
        _host.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    [Benchmark]
    public Task FloorConstantAsync() => CallAsync(_floor, Constant);

    [Benchmark]
    public Task CacheHitAsync() => CallAsync(_gateway, Cached);

    [Benchmark]
    public Task FloorForwardAsync() => CallAsync(_floor, Plain);

    [Benchmark]
    public Task PassThroughAsync() => CallAsync(_gateway, Plain);

    [Benchmark]
    public Task LimitedAsync() => CallAsync(_gateway, Limited);

    private static async Task CallAsync(PreparedClient client, byte[] request)
    {
        if (await client.CallAsync(request) != StatusCodes.Status200OK)
        {
            throw new InvalidOperationException("The call failed.");
        }
    }

    private async Task SetUpAsync()
    {
        _host = await PipelineHost.StartAsync(IsMetered);
        (_gateway, _floor) = (_host.ConnectToGateway(), _host.ConnectToFloor());
        await CacheHitAsync();
        await CacheHitAsync();
        if (!_gateway.Received().Contains("X-Cache-Status: HIT", StringComparison.Ordinal))
        {
            throw new InvalidOperationException("The cache did not answer.");
        }
    }
}
