namespace OpenAiSimulator;

// Not top-level statements: those make a public global Program, in the way of the one of an app that references this project.
internal static class Program
{
    private static Task Main(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

        var app = OpenAiSimulatorHost.Build(builder);
        return builder.Configuration[WebHostDefaults.ServerUrlsKey] is null ? app.RunAsync("http://127.0.0.1:9000") : app.RunAsync();
    }
}
