namespace OpenAiSimulator.Faults;

/// <summary>Unwinds a call whose connection the simulator has cut on request.</summary>
internal sealed class ConnectionCutException : Exception
{
    // A flush hands the bytes to the transport; an abort right after it could overtake them.
    private static readonly TimeSpan TimeToSend = TimeSpan.FromMilliseconds(50);

    public static async Task CutAsync(HttpContext context)
    {
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(TimeToSend, context.RequestAborted);
        throw Reset(context);
    }

    public static ConnectionCutException Reset(HttpContext context)
    {
        context.Abort();
        return new();
    }
}
