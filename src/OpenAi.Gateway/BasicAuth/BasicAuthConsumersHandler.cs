using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>The consumers as an authentication scheme, for apps whose authorization policies shall decide.</summary>
internal sealed class BasicAuthConsumersHandler(
    IOptionsMonitor<BasicAuthConsumersSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    GatewayServices services)
    : AuthenticationHandler<BasicAuthConsumersSchemeOptions>(options, loggers, encoder)
{
    private GatewayError _refusal = GatewayErrors.MissingCredentials;

    private BasicAuthenticator Authenticator => Options.Policy!.Authenticator(services);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization;
        if (header.Count == 0)
        {
            return AuthenticateResult.NoResult();
        }

        services.WarnOfPlainHttp(Request);
        var consumer = Authenticator.FindVerified(Context);
        if (consumer is null)
        {
            (consumer, var error) = await Authenticator.CheckAsync(header, Context.RequestAborted);
            if (consumer is null)
            {
                _refusal = error!;
                return AuthenticateResult.Fail(error!.Message);
            }
        }

        GatewayRequest.Of(Context).Consumer = consumer;
        return AuthenticateResult.Success(new AuthenticationTicket(consumer.ToPrincipal(), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = Authenticator.Challenge;
        return services.WriteErrorAsync(Context, _refusal);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        services.WriteErrorAsync(Context, GatewayErrors.Forbidden);
}
