using System.Buffers;
using System.Text;
using OpenAi.Gateway.Testing;

namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>Runs the bridge from text to text.</summary>
internal static class BridgeText
{
    public static CompletionBridge Bridge(Action<CompletionBridgeOptions>? configure = null) => CompletionBridge.From(configure ?? (_ => { }));

    public static BridgeRequest Request(string body, Action<CompletionBridgeOptions>? configure = null)
    {
        BridgeRequest.Parse(Encoding.UTF8.GetBytes(body), Bridge(configure), out var request).ShouldBeNull();
        return request.ShouldNotBeNull();
    }

    /// <summary>The text completion made of these answers, or <see langword="null"/> when one of them is none of a chat.</summary>
    public static string? Answer(BridgeRequest request, params string[] chats)
    {
        var output = new ArrayBufferWriter<byte>();
        ReadOnlyMemory<byte>[] bodies = [.. chats.Select(chat => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(chat)))];
        return BridgeAnswer.TryWrite(request, bodies, new ManualTimeProvider(), output) ? Encoding.UTF8.GetString(output.WrittenSpan) : null;
    }

    /// <summary>The stream made of these events, each with the call that it comes from.</summary>
    public static string Stream(BridgeRequest request, params (int Call, string Text)[] events)
    {
        var stream = new BridgeStream(request, new ManualTimeProvider());
        var output = new ArrayBufferWriter<byte>();
        foreach (var (call, text) in events)
        {
            TryWrite(stream, call, text, output).ShouldBeTrue(text);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>Gives a stream one event; a text that is no event is its data.</summary>
    public static bool TryWrite(BridgeStream stream, int call, string text, IBufferWriter<byte> output)
    {
        using var parser = new SseParser();
        ReadOnlySpan<byte> input = Encoding.UTF8.GetBytes(text.EndsWith('\n') ? text : $"data: {text}\n\n");
        parser.TryRead(ref input, out var found).ShouldBeTrue(text);
        input.IsEmpty.ShouldBeTrue(text);
        return stream.TryWrite(call, found, output);
    }

    public static string Error(string body)
    {
        var output = new ArrayBufferWriter<byte>();
        BridgeError.Write(Encoding.UTF8.GetBytes(body), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
