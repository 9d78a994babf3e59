using BenchmarkDotNet.Attributes;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>The check of an <c>Authorization</c> header: one that was verified a moment ago, and one that comes for the first time.</summary>
[MemoryDiagnoser]
public class CredentialBenchmarks
{
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

        _authenticator = new BasicAuthenticator(options, new ConfiguredConsumerStore(options.Consumers), TimeProvider.System);
        if (!CheckedAsync().GetAwaiter().GetResult() || !Verified())
        {
            throw new InvalidOperationException("The credentials were refused.");
        }
    }

    [Benchmark]
    public bool Verified() => _authenticator.FindVerified(Samples.Credentials) is not null;

    [Benchmark]
    public async Task<bool> CheckedAsync() => (await _authenticator.CheckAsync(Samples.Credentials, CancellationToken.None)).Consumer is not null;
}
