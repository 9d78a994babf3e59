using System.Globalization;
using OpenAi.Gateway.Testing;

namespace Growth;

/// <summary>What the gateway holds for a stream that is open and silent.</summary>
internal static class OpenStreams
{
    private const int WarmUp = 2_000;

    public static async Task WriteAsync(GrowthOptions options, StandIn upstream, CancellationToken cancellationToken)
    {
        Console.WriteLine();
        Console.WriteLine("| open streams | live KB each | resident KB each |");
        Console.WriteLine("| --- | --- | --- |");
        foreach (var (path, arguments) in new[] { ("/plain", ""), ("/limited", "--metered true") })
        {
            await using var gateway = await GatewayProcess.StartAsync(options, upstream, arguments, cancellationToken);
            var headers = Question.CredentialsOf(1);
            await new Load(gateway, options.Connections).RunAsync([Question.To(path, headers: headers)], WarmUp, cancellationToken);
            var before = await gateway.CollectAsync(cancellationToken);
            List<PreparedClient> clients = [];
            try
            {
                for (var i = 0; i < options.Streams; i++)
                {
                    clients.Add(await gateway.ConnectAsync(cancellationToken));
                    await clients[i].SendAsync(Question.To(path, isStream: true, headers: headers));
                    await clients[i].ReadEventAsync();
                }

                var after = await gateway.CollectAsync(cancellationToken);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {options.Streams:N0} on `{path}` {arguments} | {Each(after.Live - before.Live):F1} | {Each(after.Resident - before.Resident):F1} |"));
            }
            finally
            {
                upstream.EndStreams();
                clients.ForEach(client => client.Dispose());
            }
        }

        double Each(long bytes) => bytes / 1024.0 / options.Streams;
    }
}
