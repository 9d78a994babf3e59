using OpenAiSimulator.Faults;

namespace OpenAiSimulator;

/// <summary>Notes what arrived and how it ended, before anything else can refuse it.</summary>
internal sealed class RecordingMiddleware(RequestDelegate next, SimulatorState state)
{
    public async Task InvokeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            state.Add(RecordedRequest.From(context.Request, body));

            body.Position = 0;
            context.Request.Body = body;
            await next(context);
        }
        catch (ConnectionCutException)
        {
            // The simulator's own doing: not the client's abort, and nothing to report.
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            state.AddAborted();
        }
    }
}
