using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>A response whose every flush throws at once, as one may when its client has just left.</summary>
/// <param name="client">The response.</param>
/// <param name="failure">What a flush throws instead, if anything.</param>
internal sealed class UnsendableBody(IHttpResponseBodyFeature client, Func<Exception?>? failure = null) : ResponseWriter(client)
{
    public override Task StartAsync(CancellationToken cancellationToken = default) => Client.StartAsync(cancellationToken);

    public override Task CompleteAsync() => Client.CompleteAsync();

    public override Memory<byte> GetMemory(int sizeHint = 0) => Client.Writer.GetMemory(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        (failure is null ? new OperationCanceledException() : failure()) is { } error ? throw error : Client.Writer.FlushAsync(cancellationToken);

    public override void Complete(Exception? exception = null) => Client.Writer.Complete(exception);

    protected override void Written(int bytes) => Client.Writer.Advance(bytes);
}
