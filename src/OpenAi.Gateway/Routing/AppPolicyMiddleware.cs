using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>A policy written on the app: adds itself to the requests that pass here, for the stages of the endpoint to run.</summary>
internal sealed class AppPolicyMiddleware(GatewayPolicy policy, GatewayServices services, RequestDelegate next)
{
    public Task Invoke(HttpContext context)
    {
        // Before UseRouting the endpoint is not known yet; its stages look again.
        if (context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<OpenAiRouteMetadata>() is not null)
        {
            var request = GatewayRequest.Of(context);
            request.Scope = (request.Scope ?? services.EmptyScope).With(policy);
        }

        return next(context);
    }
}
