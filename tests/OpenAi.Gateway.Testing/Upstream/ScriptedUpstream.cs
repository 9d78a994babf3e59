using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace OpenAi.Gateway.Testing;

/// <summary>
/// A raw TCP server that stands in for OpenAI, for faults that no web server can be made to produce. The script runs once per
/// request; without one, the test takes each request with <see cref="NextRequestAsync"/> and answers it itself.
/// </summary>
public sealed class ScriptedUpstream : IAsyncDisposable
{
    private const int Backlog = 4096;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<UpstreamConnection, Task> _script;
    private readonly Lock _lock = new();
    private readonly List<UpstreamConnection> _connections = [];
    private readonly List<UpstreamRequest> _requests = [];
    private readonly List<Exception> _scriptErrors = [];
    private readonly List<Task> _serving = [];
    private readonly Channel<UpstreamConnection> _arrivals = Channel.CreateUnbounded<UpstreamConnection>();
    private readonly Task _accepting;

    private ScriptedUpstream(Func<UpstreamConnection, Task> script)
    {
        _script = script;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(Backlog);
        Address = new Uri($"http://{_listener.LocalEndPoint}");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>Every request, in the order of arrival.</summary>
    public IReadOnlyList<UpstreamRequest> Requests => Copy(_requests);

    /// <summary>Every connection that was ever accepted.</summary>
    public IReadOnlyList<UpstreamConnection> Connections => Copy(_connections);

    public int OpenConnections => Connections.Count(connection => !connection.PeerClosed.IsCompleted);

    public static ScriptedUpstream Start(Func<UpstreamConnection, Task>? script = null) => new(script ?? (_ => Task.CompletedTask));

    /// <summary>The connection of the next request that nobody has taken yet; its body has been read.</summary>
    public Task<UpstreamConnection> NextRequestAsync() => _arrivals.Reader.ReadAsync().AsTask().SoonAsync("a request to the upstream");

    /// <summary>Resets whatever is still open. Throws when a script did, so that an assertion in a script is not lost.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var connection in Connections)
        {
            connection.Reset();
        }

        await Task.WhenAll(_serving).SoonAsync("the scripts' end");
        if (_scriptErrors.Count > 0)
        {
            throw new AggregateException("A script of the upstream failed.", _scriptErrors);
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptAsync();
                socket.NoDelay = true;
                _serving.Add(ServeAsync(Add(_connections, new UpstreamConnection(socket))));
            }
            catch (Exception stopped)
                when (stopped is SocketException { SocketErrorCode: SocketError.OperationAborted } or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(UpstreamConnection connection)
    {
        try
        {
            while (true)
            {
                Add(_requests, await connection.ReadRequestAsync());
                _arrivals.Writer.TryWrite(connection);
                await _script(connection);
            }
        }
        catch (Exception gone) when (gone is IOException or SocketException or ObjectDisposedException)
        {
            // One of the two has ended the connection: that is what these scripts are for.
        }
        catch (Exception error)
        {
            Add(_scriptErrors, error);
        }

        connection.Dispose();
        await connection.Receiving;
    }

    private T Add<T>(List<T> list, T item)
    {
        lock (_lock)
        {
            list.Add(item);
        }

        return item;
    }

    private T[] Copy<T>(List<T> list)
    {
        lock (_lock)
        {
            return [.. list];
        }
    }
}
