using System.Security.Claims;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace OpenAi.Gateway;

/// <summary><c>HttpContext.User</c> of a consumer, made when somebody asks: principals can be changed, so requests do not share one.</summary>
internal sealed class ConsumerUser(Consumer consumer) : IHttpAuthenticationFeature
{
    public ClaimsPrincipal? User
    {
        get => field ??= consumer.ToPrincipal();
        set;
    }
}
