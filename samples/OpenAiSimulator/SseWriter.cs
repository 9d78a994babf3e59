using System.Text;
using System.Text.Json.Nodes;
using OpenAiSimulator.Faults;

namespace OpenAiSimulator;

/// <summary>Writes server-sent events, each flushed on its own.</summary>
internal sealed class SseWriter
{
    private readonly HttpContext _context;
    private readonly Fault? _fault;
    private int _written;

    public SseWriter(HttpContext context)
    {
        _context = context;
        _fault = context.Features.Get<Fault>();
        context.Response.ContentType = "text/event-stream; charset=utf-8";
    }

    public Task WriteAsync(JsonObject data) => WriteAsync([.. "data: "u8, .. JsonAnswer.ToBytes(data), .. "\n\n"u8]);

    /// <summary>An event that is also named in an <c>event:</c> line, as the Responses API does.</summary>
    public Task WriteTypedAsync(JsonObject data) =>
        WriteAsync([.. "event: "u8, .. Utf8(data["type"]!), .. "\ndata: "u8, .. JsonAnswer.ToBytes(data), .. "\n\n"u8]);

    public Task WriteDoneAsync() => WriteAsync("data: [DONE]\n\n"u8.ToArray());

    private async Task WriteAsync(byte[] bytes)
    {
        var aborted = _context.RequestAborted;
        if (_fault?.CutAfter == _written)
        {
            await ConnectionCutException.CutAsync(_context);
        }

        if (_written > 0 && _fault is { ChunkDelay.Ticks: > 0 })
        {
            await Task.Delay(_fault.ChunkDelay, aborted);
        }

        // Kestrel drops what is written for a client that has left, and says nothing.
        aborted.ThrowIfCancellationRequested();
        await _context.Response.Body.WriteAsync(bytes, aborted);
        await _context.Response.Body.FlushAsync(aborted);
        _written++;
    }

    private static byte[] Utf8(JsonNode text) => Encoding.UTF8.GetBytes(text.GetValue<string>());
}
