namespace OpenAi.Gateway;

/// <summary>What can differ between the bodies that the upstreams of one call get.</summary>
/// <param name="Model">The model that it asks for; <see langword="null"/> when it names none that the gateway can read.</param>
/// <param name="AsksForUsage">Whether the gateway asks for the usage of a stream in the client's stead.</param>
/// <param name="ChatMaxTokensField">
/// The field in which a chat's maximum stands, if a policy relies on it or a bridge writes it; else <see langword="null"/>.
/// </param>
internal readonly record struct BodyForm(string? Model, bool AsksForUsage, string? ChatMaxTokensField);
