using System.Security.Claims;

namespace OpenAi.Gateway;

/// <summary>Who an answer is stored for. A name alone does not tell the app's users apart: two may have one display name.</summary>
internal static class CacheCaller
{
    /// <summary>Stands before a consumer's name, so that it cannot be taken for one of the app's own users.</summary>
    public const string ConsumerPrefix = "consumer:";

    private const string Subject = "sub";

    /// <summary>A text that no other caller has; <see langword="null"/> for one who is not authenticated.</summary>
    public static string? Of(GatewayRequest request) => request.Consumer is { } consumer ? ConsumerPrefix + consumer.Name
        : Authenticated(request) is { } user ? string.Concat(Names(user).Select(name => $"{name?.Length ?? 0}:{name}"))
        : null;

    /// <summary>Whether the caller is authenticated, but has nothing that tells it from others.</summary>
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
