using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>A stream of 50 events that breaks off at any byte.</summary>
public sealed class CutStreamTests
{
    private const string InBandError = "event: error\ndata: ";
    private const string Piece = "data: {\"choices\":[{\"delta\":{\"content\":\"é\"}}],\"usage\":null}\n\n";

    private static readonly string Events =
        string.Concat(Enumerable.Repeat(Piece, 47)) + StandIn.Finish + StandIn.UsageEvent + StandIn.Done;

    private static readonly byte[] With = Encoding.UTF8.GetBytes(Events);
    private static readonly byte[] Without = Encoding.UTF8.GetBytes(Events.Replace(StandIn.UsageEvent, "").Replace(",\"usage\":null", ""));

    [Theory]
    [InlineData("by the gateway")]
    [InlineData("by the client")]
    [InlineData("by nobody")]
    public async Task It_ends_visibly_broken_wherever_it_was_cut(string usageIsAsked)
    {
        var answer = usageIsAsked == "by nobody" ? Without : With;
        var expected = usageIsAsked == "by the client" ? With : Without;
        var (clock, cache) = (new LedgerClock(), new FakeHybridCache());
        await using var host = await MeteredHost.StartAsync(
            context => CutAsync(context, answer),
            clock,
            options => options.AsksForUsage = usageIsAsked != "by nobody",
            route => route.UseProxyCache(),
            builder => builder.Services.AddSingleton<HybridCache>(cache),
            clock.Watch);

        await Parallel.ForAsync(0, answer.Length + 1, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (cut, _) =>
        {
            var usage = usageIsAsked == "by the client" ? ",\"stream_options\":{\"include_usage\":true}" : "";
            using var response = await host.SendAsync($$"""{"model":"m-{{cut}}","stream":true{{usage}}}""", headers: [("X-Cut", $"{cut}")], leave: CancellationToken.None);
            using var stream = await response.Content.ReadAsStreamAsync(CancellationToken.None);
            var body = await ReadToBreakAsync(stream, $"cut at {cut}");
            ShouldBeBeginning(body, answer.AsSpan(0, cut), expected);
        });

        await host.Sink.WhenAsync(answer.Length + 1);
        cache.Entries.ShouldBeEmpty();
        clock.Timers.ShouldBe(0, "attempts that were not disposed");
        foreach (var record in host.Sink.Records)
        {
            var cut = int.Parse(record.AskedModel![2..], CultureInfo.InvariantCulture);
            var hasUsage = answer.AsSpan(0, cut).IndexOf("\"prompt_tokens\""u8) >= 0;
            (record.Ending, record.Status, record.Attempts).ShouldBe((UsageEnding.UpstreamCut, 200, 1), $"{record}");
            (record.IsEstimated ? !hasUsage || !answer.AsSpan(0, cut).EndsWith("\n\n"u8) : record.Usage == StandIn.Told).ShouldBeTrue($"{record}");
        }
    }

    private static async Task CutAsync(HttpContext context, byte[] answer)
    {
        var cut = int.Parse(context.Request.Headers["X-Cut"]!, CultureInfo.InvariantCulture);
        await context.WriteEventsAsync(answer.AsMemory(0, cut));
        if (cut % 2 == 0)
        {
            // A close, not a reset.
            throw new IOException("cut");
        }

        context.Abort();
    }

    // What came before the end, which must not be a clean one.
    private static async Task<byte[]> ReadToBreakAsync(Stream stream, string context)
    {
        using var body = new MemoryStream();
        var broke = false;
        try
        {
            await stream.CopyToAsync(body).SoonAsync();
        }
        catch (IOException)
        {
            broke = true;
        }

        broke.ShouldBeTrue(context);
        return body.ToArray();
    }

    private static void ShouldBeBeginning(ReadOnlySpan<byte> body, ReadOnlySpan<byte> sent, ReadOnlySpan<byte> expected)
    {
        var context = $"cut at {sent.Length}: {Encoding.UTF8.GetString(body)}";
        var error = body.IndexOf(Encoding.UTF8.GetBytes(InBandError));
        var isDone = sent.TrimEnd("\n"u8).EndsWith("[DONE]"u8);
        var isBetweenEvents = sent.IsEmpty || sent.EndsWith("\n\n"u8);
        (error >= 0).ShouldBe(isBetweenEvents && !isDone, context);
        if (error >= 0)
        {
            // It stands between two events.
            (error == 0 || body[..error].EndsWith("\n\n"u8)).ShouldBeTrue(context);
            body.EndsWith("\"code\":\"upstream_broken\"}}\n\n"u8).ShouldBeTrue(context);
            body = body[..error];
        }

        // Nothing is invented: no reason to finish, no [DONE].
        (expected.StartsWith(body) && body.Length <= sent.Length).ShouldBeTrue(context);
        (body.IndexOf("\"finish_reason\""u8) < 0 || sent.IndexOf("\"finish_reason\""u8) >= 0).ShouldBeTrue(context);
        (body.IndexOf("[DONE]"u8) < 0 || isDone).ShouldBeTrue(context);
    }
}
