using System.Globalization;

namespace OpenAiSimulator;

internal sealed class ErrorMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (ApiException error) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = error.Status;
            if (error.RetryAfterSeconds is { } seconds)
            {
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            }

            await JsonAnswer.WriteAsync(context, error.Envelope);
        }
    }
}
