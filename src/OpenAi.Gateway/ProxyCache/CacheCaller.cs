using System.Security.Claims;

namespace OpenAi.Gateway;

/// <summary>Who an answer is stored for. A name alone does not tell the app's users apart: two may have one display name.</summary>
internal static class CacheCaller
{
    /// <summary>Stands before a consumer's name, which thereby is no name of the app's own users.</summary>
    public const string ConsumerPrefix = "consumer:";

    private const string Subject = "sub";

    /// <summary>A text of this caller alone; <see langword="null"/> for nobody.</summary>
    public static string? Of(GatewayRequest request) => request.Consumer is { } consumer ? ConsumerPrefix + consumer.Name
        : Authenticated(request) is { } user ? string.Concat(Names(user).Select(name => $"{name?.Length ?? 0}:{name}"))
        : null;

    /// <summary>Whether somebody is authenticated of whom nothing is known that tells them from others.</summary>
    public static bool IsNameless(GatewayRequest request) =>
        request.Consumer is null && Authenticated(request) is { } user && Names(user).All(string.IsNullOrEmpty);

    private static ClaimsPrincipal? Authenticated(GatewayRequest request) =>
        request.User is { } user && user.Identities.Any(identity => identity.IsAuthenticated) ? user : null;

    private static string?[] Names(ClaimsPrincipal user)
    {
        var id = user.FindFirst(ClaimTypes.NameIdentifier);
        var subject = user.FindFirst(Subject);
        return [user.Identities.First(identity => identity.IsAuthenticated).Name, id?.Value, id?.Issuer, subject?.Value, subject?.Issuer];
    }
}
