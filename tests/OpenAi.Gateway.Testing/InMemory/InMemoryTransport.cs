using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace OpenAi.Gateway.Testing;

/// <summary>Connections for a real Kestrel that are pairs of pipes: framing, flush and abort are Kestrel's own, no port is taken.</summary>
public sealed class InMemoryTransport : IConnectionListenerFactory, IConnectionListener
{
    private readonly Channel<ConnectionContext> _connecting = Channel.CreateUnbounded<ConnectionContext>();

    // Not a ConcurrentBag: its items are reachable from the threads that put them in, and with them the whole server behind them.
    private readonly ConcurrentQueue<InMemoryConnection> _connections = [];
    private int _lastPort = 50_000;

    /// <summary>How often the server has sent something, on all connections.</summary>
    public int ServerSends => _connections.Sum(connection => connection.ServerSends);

    /// <summary>How often clients have sent something, on all connections.</summary>
    public int ClientSends => _connections.Sum(connection => connection.ClientSends);

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 80);

    /// <summary>The client's end of a new connection, from this address.</summary>
    public InMemoryStream Connect(IPAddress? from = null)
    {
        var client = new IPEndPoint(from ?? IPAddress.Loopback, Interlocked.Increment(ref _lastPort));
        var connection = new InMemoryConnection(client, EndPoint);
        if (!_connecting.Writer.TryWrite(connection))
        {
            throw new IOException("The connection was refused: the server has stopped.");
        }

        _connections.Enqueue(connection);
        return connection.Client;
    }

    /// <summary>An HTTP client that adds nothing to a request and takes nothing from an answer.</summary>
    public HttpClient CreateClient(IPAddress? from = null)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(Connect(from)),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        };
        return new HttpClient(handler) { BaseAddress = new Uri("http://localhost"), Timeout = Soon.Bound };
    }

    /// <summary>Drops every connection, so that a server with a hanging request can stop at once.</summary>
    public void ResetAll()
    {
        foreach (var connection in _connections)
        {
            connection.Client.Reset();
        }
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return ValueTask.FromResult<IConnectionListener>(this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _connecting.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_connecting.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _connecting.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();
}
