namespace OpenAiSimulator.Endpoints;

/// <summary>Shows what has arrived, to a test or a person.</summary>
internal static class SimulatorEndpoint
{
    public static Task GetAsync(HttpContext context) =>
        JsonAnswer.WriteAsync(context, context.RequestServices.GetRequiredService<SimulatorState>().ToJson());
}
