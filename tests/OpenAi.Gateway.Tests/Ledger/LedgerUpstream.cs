using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>A stand-in for OpenAI that keeps its own ledger, and fails as its callers ask it to.</summary>
internal sealed class LedgerUpstream : IAsyncDisposable
{
    public const string FaultsHeader = "X-Faults";
    public const string HeldHeader = "X-Held";

    private readonly LedgerClock _clock;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<LedgerEntry>> _entries = new();
    private InMemoryKestrel? _server;

    private LedgerUpstream(LedgerClock clock) => _clock = clock;

    public static async Task<LedgerUpstream> StartAsync(LedgerClock clock)
    {
        var upstream = new LedgerUpstream(clock);
        upstream._server = await InMemoryKestrel.StartAsync(
            builder => builder.Logging.SetMinimumLevel(LogLevel.None),
            app => app.MapPost("/v1/{**rest}", upstream.AnswerAsync));
        return upstream;
    }

    /// <summary>The attempts that reached it for one call of a client, first to last.</summary>
    public IReadOnlyList<LedgerEntry> EntriesOf(string call) => _entries.TryGetValue(call, out var entries) ? [.. entries] : [];

    public Stream Connect() => _server!.Transport.Connect();

    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var call = context.Request.Headers[LedgerClock.CallHeader].ToString();
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var question = LedgerQuestion.Read(context.Request.Path.Value!, body.ToArray());
        var entries = _entries.GetOrAdd(call, _ => new());
        var faults = context.Request.Headers[FaultsHeader].ToString().Split(',').Select(Enum.Parse<LedgerFault>).ToArray();
        var entry = new LedgerEntry(call, faults[Math.Min(entries.Count, faults.Length - 1)]);
        entries.Enqueue(entry);
        var random = new Random(unchecked(question.Seed + entries.Count));
        switch (entry.Fault)
        {
            case LedgerFault.Status:
                context.Response.StatusCode = new[] { 429, 500, 502, 503, 504, 400 }[random.Next(6)];
                context.Response.Headers["retry-after-ms"] = "1";
                await context.Response.WriteAsync("""{"error":{"message":"Not now.","type":"server_error","param":null,"code":"stand_in"}}""");
                break;
            case LedgerFault.ResetBeforeHead:
                context.Abort();
                break;
            case LedgerFault.StallBeforeHead:
                await StallAsync(context, call);
                break;
            default:
                await WriteAsync(context, entry, LedgerAnswer.To(question), question.IsStream, random);
                break;
        }
    }

    private async Task WriteAsync(HttpContext context, LedgerEntry entry, LedgerAnswer answer, bool isStream, Random random)
    {
        entry.Charged = answer.Usage;
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        context.Response.ContentType = isStream ? "text/event-stream; charset=utf-8" : "application/json";
        context.Response.ContentLength = !isStream && random.Next(2) == 0 ? answer.Bytes.Length : null;
        var isHeld = double.TryParse(context.Request.Headers[HeldHeader], CultureInfo.InvariantCulture, out var part);
        var length = entry.Fault != LedgerFault.None ? random.Next(answer.Bytes.Length) : isHeld ? Math.Max(1, (int)(part * answer.Bytes.Length)) : answer.Bytes.Length;

        // Most answers come in few chunks, some in many.
        var largest = random.Next(6) == 0 ? 100 : answer.Bytes.Length;
        for (var position = 0; position < length;)
        {
            var chunk = Math.Min(1 + random.Next(largest), length - position);
            await context.Response.Body.WriteAsync(answer.Bytes.AsMemory(position, chunk));
            position += chunk;
        }

        switch (entry.Fault)
        {
            case LedgerFault.None when isHeld:
                await context.Response.Body.FlushAsync();
                await WhenLeftAsync(context);
                break;
            case LedgerFault.None:
                entry.HasServedUsage = answer.TellsUsage;
                break;
            case LedgerFault.Stall:
                await context.Response.Body.FlushAsync();
                await StallAsync(context, entry.Call);
                break;
            case LedgerFault.Close:
                // An exception ends the connection behind what was written, without the end of the body.
                await context.Response.Body.FlushAsync();
                throw new IOException("cut");
            default:
                await context.Response.Body.FlushAsync();
                context.Abort();
                break;
        }
    }

    private Task StallAsync(HttpContext context, string call)
    {
        _clock.Expire(call);
        return WhenLeftAsync(context);
    }

    private static async Task WhenLeftAsync(HttpContext context)
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = context.RequestAborted.Register(left.SetResult);
        await left.Task.SoonAsync("the end of a call");
    }
}
