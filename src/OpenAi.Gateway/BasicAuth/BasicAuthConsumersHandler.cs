using System.Buffers;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

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
        if (!Response.HasStarted && _refusal.Status == StatusCodes.Status401Unauthorized)
        {
            Response.Headers.Append(HeaderNames.WWWAuthenticate, Authenticator.Challenge);
        }

        return AnswerAsync(_refusal);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => AnswerAsync(GatewayErrors.Forbidden);

    // Another scheme of the same policy may come after this one, to set its status and add its challenge (RFC 9110, 11.6.1): the body must not
    // start the response.
    private async Task AnswerAsync(GatewayError error)
    {
        if (Response.HasStarted)
        {
            return; // A scheme before this one has answered already.
        }

        var body = Context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var text = new MemoryStream();
        var held = new StreamResponseBodyFeature(text);
        Context.Features.Set<IHttpResponseBodyFeature>(held);
        try
        {
            await services.WriteErrorAsync(Context, error);
            await held.CompleteAsync();
        }
        finally
        {
            Context.Features.Set(body);
        }

        body.Writer.Write(text.ToArray());
        await UnflushedBody.FlushAsync(Context);
    }
}
