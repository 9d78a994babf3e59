namespace OpenAi.Gateway;

/// <summary>A stage, or what stands behind it: a <c>RequestDelegate</c> that need not look up what the gateway carries along with the request.</summary>
internal delegate Task GatewayDelegate(GatewayRequest request);
