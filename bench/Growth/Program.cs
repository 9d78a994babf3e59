using Growth;
using Microsoft.Extensions.Configuration;

// How the cost of a request grows with what the gateway knows, what an open stream holds, and whether memory stays where it is. Writes the tables
// of bench/README.md. Every number can be lowered for a try: see GrowthOptions.
var options = new ConfigurationBuilder().AddCommandLine(args).Build().Get<GrowthOptions>() ?? new GrowthOptions();
using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(options.Minutes));
await using var upstream = await StandIn.StartAsync();
try
{
    if (options.Does("growth"))
    {
        await new GrowthTable(options, upstream).WriteAsync(deadline.Token);
    }

    if (options.Does("streams"))
    {
        await OpenStreams.WriteAsync(options, upstream, deadline.Token);
    }

    if (options.Does("soak"))
    {
        await Soak.WriteAsync(options, upstream, deadline.Token);
    }

    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine($"It took longer than {options.Minutes} minutes. Give it more with --minutes, or less to do.");
    return 1;
}
