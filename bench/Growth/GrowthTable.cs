using System.Globalization;

namespace Growth;

/// <summary>The cost of a request with few and with many routes, consumers, keys and entries, each row in a process of its own.</summary>
internal sealed class GrowthTable(GrowthOptions options, StandIn upstream)
{
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine("| what there is | CPU µs a request | allocated bytes a request | upstream calls a request | live MB | resident MB |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var count in Counts(1, 100, 10_000))
        {
            await WriteAsync("routes", count, $"--routes {count}", i => Question.To($"/routes/{i}"), cancellationToken);
        }

        foreach (var count in Counts(10, 100_000))
        {
            await WriteAsync(
                "consumers, each with its key of the limit", count, $"--consumers {count}", i => Question.To("/limited", headers: Question.CredentialsOf(i)), cancellationToken);
        }

        foreach (var count in Counts(1, 100_000))
        {
            await WriteAsync("keys of a limit", count, "", i => Question.To("/keyed", headers: ("X-Key", $"key{i}")), cancellationToken);
        }

        foreach (var count in Counts(1, 100_000))
        {
            await WriteAsync("entries of the cache", count, "--cache 536870912", Cached, cancellationToken);
        }

        await WriteAsync("questions to a cache of 32 MiB", Counts(100_000).Single(), "--cache 33554432", Cached, cancellationToken);
    }

    private static byte[] Cached(int i) => Question.To("/openai/product/desc", i, headers: Question.CredentialsOf(1));

    private IEnumerable<int> Counts(params int[] counts) => counts.Select(count => Math.Max(1, count / options.Divide)).Distinct();

    private async Task WriteAsync(string what, int count, string arguments, Func<int, byte[]> request, CancellationToken cancellationToken)
    {
        byte[][] requests = [.. Enumerable.Range(1, count).Select(request)];
        await using var gateway = await GatewayProcess.StartAsync(options, upstream, arguments, cancellationToken);
        var load = new Load(gateway, options.Connections);
        await load.RunAsync(requests, Math.Max(options.Warm, count), cancellationToken);

        await gateway.CollectAsync(cancellationToken);
        var before = await gateway.StatsAsync(cancellationToken);
        var calls = upstream.Calls;
        await load.RunAsync(requests, options.Requests, cancellationToken);
        calls = upstream.Calls - calls;
        var after = await gateway.StatsAsync(cancellationToken);
        var live = (await gateway.CollectAsync(cancellationToken)).LiveMegabytes;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {count:N0} {what} | {Each(after.Cpu - before.Cpu):F1} | {Each(after.Allocated - before.Allocated):N0} | {Each(calls):0.##} | {live:F1} | {after.ResidentMegabytes:F0} |"));
    }

    private double Each(long all) => (double)all / options.Requests;
}
