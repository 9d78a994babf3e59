using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>Lets only known consumers through, and tells the rest of the app who calls.</summary>
internal sealed class BasicAuthStage(BasicAuthPolicy policy, GatewayServices services, GatewayDelegate next)
{
    private readonly ILogger _logger = services.Loggers.CreateLogger(BasicAuthLog.Category);

    public Task InvokeAsync(GatewayRequest request)
    {
        services.WarnOfPlainHttp(request.Context.Request);
        var authenticator = policy.Authenticator(services);
        return authenticator.FindVerified(request.Context) is { } consumer
            ? ContinueAs(consumer, request)
            : CheckAsync(authenticator, request);
    }

    private async Task CheckAsync(BasicAuthenticator authenticator, GatewayRequest request)
    {
        var context = request.Context;
        var (consumer, error) = await authenticator.CheckAsync(context.Request.Headers.Authorization, context.RequestAborted);
        if (consumer is not null)
        {
            await ContinueAs(consumer, request);
            return;
        }

        BasicAuthLog.Refused(_logger, error!.Message);
        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = authenticator.Challenge;
        }

        await services.WriteErrorAsync(context, error);
    }

    private Task ContinueAs(Consumer consumer, GatewayRequest request)
    {
        request.Consumer = consumer;
        request.Context.Features.Set<IHttpAuthenticationFeature>(new ConsumerUser(consumer));
        return next(request);
    }
}
