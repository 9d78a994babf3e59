using System.Net.Sockets;

namespace OpenAi.Gateway.Testing;

internal static class SocketExtensions
{
    /// <summary>Closes with RST in place of FIN: that is what a linger time of zero means.</summary>
    public static void Reset(this Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Close();
        }
        catch (ObjectDisposedException)
        {
            // It has ended already.
        }
    }
}
