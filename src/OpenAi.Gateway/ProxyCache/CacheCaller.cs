using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Who an answer is stored for. A name alone does not tell the app's users apart: two may have one display name.</summary>
internal static class CacheCaller
{
    /// <summary>Stands before a consumer's name, which thereby is no name of the app's own users.</summary>
    public const string ConsumerPrefix = "consumer:";

    private const string Subject = "sub";

    /// <summary>A text of this caller alone; <see langword="null"/> for nobody.</summary>
    public static string? Of(HttpContext context)
    {
        if (GatewayRequest.Of(context).Consumer is { } consumer)
        {
            return ConsumerPrefix + consumer.Name;
        }

        return IsAuthenticated(context.User) ? string.Concat(Names(context.User).Select(name => $"{name?.Length ?? 0}:{name}")) : null;
    }

    /// <summary>Whether somebody is authenticated of whom nothing is known that tells them from others.</summary>
    public static bool IsNameless(HttpContext context) =>
        GatewayRequest.Of(context).Consumer is null && IsAuthenticated(context.User) && Names(context.User).All(string.IsNullOrEmpty);

    private static bool IsAuthenticated(ClaimsPrincipal user) => user.Identities.Any(identity => identity.IsAuthenticated);

    private static string?[] Names(ClaimsPrincipal user)
    {
        var id = user.FindFirst(ClaimTypes.NameIdentifier);
        var subject = user.FindFirst(Subject);
        return [user.Identities.First(identity => identity.IsAuthenticated).Name, id?.Value, id?.Issuer, subject?.Value, subject?.Issuer];
    }
}
