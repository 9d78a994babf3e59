using Microsoft.AspNetCore.Authentication;

namespace OpenAi.Gateway;

/// <summary>The options of the opt-in authentication scheme.</summary>
public sealed class BasicAuthConsumersSchemeOptions : AuthenticationSchemeOptions
{
    internal BasicAuthPolicy? Policy { get; set; }
}
