namespace OpenAi.Gateway;

/// <summary>A limit of what calls take, tokens or money, as written on the app, a group or a route.</summary>
internal abstract class SpendPolicy : GatewayPolicy
{
    /// <summary>The limit as it is now.</summary>
    public abstract SpendLimit Limit { get; }
}
