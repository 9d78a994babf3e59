using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>Lets only known consumers through, and tells the rest of the app who calls.</summary>
internal sealed class BasicAuthStage(BasicAuthPolicy policy, GatewayServices services, RequestDelegate next)
{
    private readonly ILogger _logger = services.Loggers.CreateLogger(BasicAuthLog.Category);

    public Task InvokeAsync(HttpContext context)
    {
        services.WarnOfPlainHttp(context.Request);
        var authenticator = policy.Authenticator(services);
        return authenticator.FindVerified(context) is { } consumer
            ? ContinueAs(consumer, context)
            : CheckAsync(authenticator, context);
    }

    private async Task CheckAsync(BasicAuthenticator authenticator, HttpContext context)
    {
        var (consumer, error) = await authenticator.CheckAsync(context.Request.Headers.Authorization, context.RequestAborted);
        if (consumer is not null)
        {
            await ContinueAs(consumer, context);
            return;
        }

        BasicAuthLog.Refused(_logger, error!.Message);
        context.Response.Headers.WWWAuthenticate = authenticator.Challenge;
        await services.WriteErrorAsync(context, error);
    }

    private Task ContinueAs(Consumer consumer, HttpContext context)
    {
        GatewayRequest.Of(context).Consumer = consumer;
        context.Features.Set<IHttpAuthenticationFeature>(new ConsumerUser(consumer));
        return next(context);
    }
}
