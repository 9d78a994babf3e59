namespace OpenAi.Gateway;

/// <summary>
/// A policy as it was written down: on the app it is added to the request, on a group or route it is metadata of the endpoint.
/// <see cref="EndpointStages"/> decides when it runs.
/// </summary>
internal abstract class GatewayPolicy
{
    /// <summary>Called at start-up, as soon as the app's services are known. Throws when the policy cannot work with them.</summary>
    public abstract void Attach(GatewayServices services);
}
