namespace OpenAi.Gateway;

/// <summary>The names of the opt-in authentication scheme.</summary>
public static class BasicAuthConsumersDefaults
{
    /// <summary>The scheme that <c>AddAuthentication().AddBasicAuthConsumers(…)</c> registers.</summary>
    public const string AuthenticationScheme = "BasicAuthConsumers";
}
