using System.Globalization;

namespace Growth;

/// <summary>Many requests of all kinds, and whether memory grows with them.</summary>
internal static class Soak
{
    private const int Samples = 25;

    // The first ones are left out: code is still optimised, and the cache and the limits fill up.
    private const int Settling = 5;
    private const int Bodies = 5_000;

    public static async Task WriteAsync(GrowthOptions options, StandIn upstream, CancellationToken cancellationToken)
    {
        await using var gateway = await GatewayProcess.StartAsync(options, upstream, "--metered true", cancellationToken);
        var load = new Load(gateway, options.Connections);
        byte[][] requests = [.. Enumerable.Range(0, 4 * Bodies).Select(Mixed)];
        List<HostStats> samples = [];
        for (var i = 0; i < Settling + Samples; i++)
        {
            await load.RunAsync(requests, options.Soak / Samples, cancellationToken);
            samples.Add(await gateway.CollectAsync(cancellationToken));
        }

        var settled = samples[Settling..];
        Console.WriteLine();
        Console.WriteLine("| soak, metered | live MB, first and last | MB more for a million requests | resident MB, first and last | MB more for a million requests |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {options.Soak:N0} requests | {settled[0].LiveMegabytes:F1}, {settled[^1].LiveMegabytes:F1} | {SlopeOf(one => one.LiveMegabytes):F2} "
            + $"| {settled[0].ResidentMegabytes:F1}, {settled[^1].ResidentMegabytes:F1} | {SlopeOf(one => one.ResidentMegabytes):F2} |"));

        // By least squares.
        double SlopeOf(Func<HostStats, double> value)
        {
            var middle = (settled.Count - 1) / 2.0;
            var mean = settled.Average(value);
            var slope = settled.Select((one, i) => (i - middle) * (value(one) - mean)).Sum() / settled.Select((_, i) => (i - middle) * (i - middle)).Sum();
            return slope * 1_000_000 / (options.Soak / Samples);
        }
    }

    private static byte[] Mixed(int i) => (i % 4) switch
    {
        0 => Question.To("/plain", i),
        1 => Question.To("/limited", i, headers: Question.CredentialsOf(1)),
        2 => Question.To("/keyed", i, headers: ("X-Key", $"key{i}")),
        _ => Question.To("/openai/product/desc", i, headers: Question.CredentialsOf(1)),
    };
}
