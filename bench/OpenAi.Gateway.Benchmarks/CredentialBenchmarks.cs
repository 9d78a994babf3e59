using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>
/// The check of an <c>Authorization</c> header: one that was verified a moment ago, on this connection or on another one, and one that comes for the
/// first time.
/// </summary>
[MemoryDiagnoser]
public class CredentialBenchmarks
{
    private readonly DefaultHttpContext _elsewhere = Samples.CreateContext();
    private readonly DefaultHttpContext _here = Samples.CreateContext();
    private BasicAuthenticator _authenticator = null!;

    [Params(10, 100_000)]
    public int Consumers { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var options = new BasicAuthConsumersOptions { RememberFor = TimeSpan.FromHours(1) };
        for (var i = 1; i <= Consumers; i++)
        {
            options.Add($"consumer{i}", $"username{i}", $"password{i}");
        }

        _authenticator = new BasicAuthenticator(options, new ConfiguredConsumerStore(options.Consumers), TimeProvider.System, NullLogger.Instance);
        _here.Features.Set<IConnectionItemsFeature>(new DefaultConnectionContext());
        if (!CheckedAsync().GetAwaiter().GetResult() || !VerifiedElsewhere() || !VerifiedHere())
        {
            throw new InvalidOperationException("The credentials were refused.");
        }
    }

    [Benchmark]
    public bool VerifiedHere() => _authenticator.FindVerified(_here) is not null;

    [Benchmark]
    public bool VerifiedElsewhere() => _authenticator.FindVerified(_elsewhere) is not null;

    [Benchmark]
    public async Task<bool> CheckedAsync() => (await _authenticator.CheckAsync(Samples.Credentials, CancellationToken.None)).Consumer is not null;
}
