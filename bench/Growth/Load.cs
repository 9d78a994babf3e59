namespace Growth;

/// <summary>
/// Requests in turn, over connections that each wait for one answer before they send the next question. It counts requests rather than time, so
/// that a slow machine changes how long it takes but not what is measured.
/// </summary>
internal sealed class Load(GatewayProcess gateway, int connections)
{
    public async Task RunAsync(byte[][] requests, int count, CancellationToken cancellationToken)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(RunOneAsync, cancellationToken)));

        async Task RunOneAsync()
        {
            using var client = await gateway.ConnectAsync(cancellationToken);
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (await client.CallAsync(requests[i % requests.Length]) != 200)
                {
                    throw new InvalidOperationException($"The gateway answered: {client.Received()}");
                }
            }
        }
    }
}
