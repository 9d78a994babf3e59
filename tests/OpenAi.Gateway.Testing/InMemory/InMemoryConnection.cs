using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace OpenAi.Gateway.Testing;

/// <summary>The server's end of a connection over two pipes; it behaves as Kestrel's connection over a socket does.</summary>
internal sealed class InMemoryConnection : DefaultConnectionContext
{
    // As much as a socket and Kestrel hold back together, so that a slow client slows the server down.
    private const int BufferSize = 64 * 1024;

    // Never disposed: the client may leave after Kestrel has disposed the connection.
    private readonly CancellationTokenSource _closed = new();
    private readonly Pipe _toServer = new(Options());
    private readonly Pipe _toClient = new(Options());
    private readonly CountingPipeWriter _fromServer;
    private readonly CountingPipeWriter _fromClient;
    private volatile bool _isReset;

    public InMemoryConnection(EndPoint client, EndPoint server)
        : base(Guid.NewGuid().ToString("n"))
    {
        RemoteEndPoint = client;
        LocalEndPoint = server;
        (_fromServer, _fromClient) = (new CountingPipeWriter(_toClient.Writer), new CountingPipeWriter(_toServer.Writer));
        Transport = new DuplexPipe(_toServer.Reader, _fromServer);
        ConnectionClosed = _closed.Token;
        Features.Set<IMemoryPoolFeature>(BlockMemoryPool.Instance);
        Client = new InMemoryStream(this, _toClient.Reader, _fromClient);
    }

    public override CancellationToken ConnectionClosed { get; set; }

    public InMemoryStream Client { get; }

    public bool IsReset => _isReset;

    /// <summary>How often the server has sent something.</summary>
    public int ServerSends => _fromServer.Sends;

    /// <summary>How often the client has sent something.</summary>
    public int ClientSends => _fromClient.Sends;

    /// <summary>The client has left, with a reset when there is an error.</summary>
    public void OnClientClosed(Exception? error)
    {
        _toServer.Writer.Complete(error);
        _toClient.Reader.Complete();
        SignalClosed();
    }

    /// <summary>The server resets the connection.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        _isReset = true;
        _toServer.Writer.Complete(abortReason);
        _toClient.Reader.CancelPendingRead();
        SignalClosed();
    }

    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        await Transport.Output.CompleteAsync();
        SignalClosed();
        await base.DisposeAsync();
    }

    private static PipeOptions Options() =>
        new(pauseWriterThreshold: BufferSize, resumeWriterThreshold: BufferSize / 2, useSynchronizationContext: false);

    // Not on the caller's thread, as with a socket: what the server does about it must not run within the client's Dispose.
    private void SignalClosed() => ThreadPool.UnsafeQueueUserWorkItem(closed => closed.Cancel(), _closed, preferLocal: false);
}
