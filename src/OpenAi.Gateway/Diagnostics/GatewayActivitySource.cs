using System.Diagnostics;

namespace OpenAi.Gateway;

/// <summary>The trace of a forwarded request. Holds no content and no credentials.</summary>
internal static class GatewayActivitySource
{
    public const string Name = "OpenAi.Gateway";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>Whether anybody wants spans, which say what a call took.</summary>
    public static bool HasListeners => Source.HasListeners();

    public static Activity? Start(OpenAiRouteMetadata route, Upstream upstream, ListenerGuard guard)
    {
        try
        {
            var activity = Source.StartActivity("forward " + route.Pattern, ActivityKind.Client);
            activity?.SetTag("http.route", route.Pattern);
            activity?.SetTag("openai_gateway.upstream", upstream.Name);
            return activity;
        }
        catch (Exception error)
        {
            guard.Failed(Name, error);
            return null;
        }
    }

    public static void End(Activity? activity, GatewayRequest request, Exception? failure, ListenerGuard guard)
    {
        if (activity is null)
        {
            return;
        }

        activity.SetTag("openai_gateway.upstream", request.Upstream ?? request.Route?.Upstream);
        activity.SetTag("openai_gateway.attempts", request.Attempts);
        activity.SetTag("http.response.status_code", EndedStatus.Of(request.Context, failure));
        activity.SetTag("server.address", request.Node?.Address.Host);
        activity.SetTag("server.port", request.Node?.Address.Port);
        GenAiSpan.Describe(activity, request);
        if ((request.Error?.Code ?? failure?.GetType().FullName) is { } error)
        {
            activity.SetTag("error.type", error);
            activity.SetStatus(ActivityStatusCode.Error);
        }

        try
        {
            activity.Dispose();
        }
        catch (Exception thrown)
        {
            guard.Failed(Name, thrown);
        }
    }
}
