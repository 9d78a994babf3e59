namespace OpenAiSimulator.Faults;

/// <summary>The faults that come before an answer; <see cref="SseWriter"/> and <see cref="JsonAnswer"/> carry out the others.</summary>
internal sealed class FaultMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var fault = Fault.Parse(context.Request.Headers[Fault.HeaderName].ToString());
        await Task.Delay(fault.Delay, context.RequestAborted);

        // A fault's own answer can be cut short too.
        context.Features.Set(fault);
        if (fault.Reset)
        {
            throw ConnectionCutException.Reset(context);
        }

        if (fault.Quota)
        {
            throw ApiException.NoQuota();
        }

        if (fault.Status is { } status)
        {
            throw ApiException.OfStatus(status, fault.RetryAfterSeconds);
        }

        await (fault.Garbage ? WriteGarbageAsync(context) : next(context));
    }

    private static async Task WriteGarbageAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync((byte[])[.. "{\"id\": <not JSON"u8, 0x00, 0xff, 0xfe, (byte)'\n'], context.RequestAborted);
    }
}
