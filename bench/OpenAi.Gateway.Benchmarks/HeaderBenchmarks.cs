using System.Net;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>The copies of heads: the message to the upstream, made of a client's request, and the client's head, made of the answer's.</summary>
[MemoryDiagnoser]
public class HeaderBenchmarks
{
    private readonly RouteSettings _settings = new();
    private readonly DefaultHttpContext _context = Samples.CreateContext();
    private readonly RequestBody _body = RequestBody.Own([.. Samples.Question], Samples.Question.Length);
    private readonly HttpResponseMessage _answer = new(HttpStatusCode.OK);
    private ServiceProvider _services = null!;
    private UpstreamStep _step = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _services = Samples.CreateServices();
        var upstream = _services.GetRequiredService<UpstreamRegistry>().Get("openai");
        _step = new UpstreamStep(upstream, upstream, upstream.PickFresh(_context, null)!, null, TimeSpan.Zero);
        _answer.RequestMessage = Request();
        _answer.Content = new ByteArrayContent(Samples.JsonAnswer);
        _answer.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        foreach (var (name, value) in Answered)
        {
            _answer.Headers.TryAddWithoutValidation(name, value);
        }

        if (Answer() <= Answered.Length / 2)
        {
            throw new InvalidOperationException("The answer's headers were not copied.");
        }
    }

    [GlobalCleanup]
    public void CleanUp() => _services.Dispose();

    [Benchmark]
    public HttpRequestMessage Request() => UpstreamRequest.Create(_context, _settings, _step, "/v1/chat/completions", _body);

    [Benchmark]
    public int Answer()
    {
        _context.Response.Headers.Clear();
        UpstreamResponse.CopyHead(_answer, _context.Response, "Bearer sk-test");
        return _context.Response.Headers.Count;
    }

    private static readonly (string Name, string Value)[] Answered =
    [
        ("Date", "Tue, 24 Nov 2026 10:00:00 GMT"), ("Connection", "keep-alive"), ("Server", "cloudflare"), ("openai-organization", "example"),
        ("openai-processing-ms", "812"), ("openai-version", "2020-10-01"), ("x-request-id", "req_1"), ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-remaining-requests", "9999"), ("Set-Cookie", "__cf_bm=1"), ("Strict-Transport-Security", "max-age=31536000"),
    ];
}
