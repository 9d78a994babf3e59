using System.Buffers;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>An event on its way through the filter that takes out what the gateway's own question for the usage added.</summary>
[MemoryDiagnoser]
public class UsageFilterBenchmarks
{
    private readonly DefaultHttpContext _context = Samples.CreateContext();
    private CountingStream _client = null!;
    private UsageFilter _filter = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _client = new CountingStream();
        _context.Response.ContentType = "text/event-stream";
        _filter = new UsageFilter(_context.Response, new StreamResponseBodyFeature(_client));
        StreamEventAsync().GetAwaiter().GetResult();
        if (_client.Written >= Samples.StreamEvent.Length)
        {
            throw new InvalidOperationException("Nothing was taken out.");
        }
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _filter.Dispose();
        _client.Dispose();
    }

    [Benchmark]
    public async Task StreamEventAsync()
    {
        _filter.Writer.Write(Samples.StreamEvent);
        await _filter.Writer.FlushAsync();
    }
}
