namespace OpenAi.Gateway;

/// <summary>Where consumers come from: a database, Identity, a directory. Register one as a singleton to use it.</summary>
public abstract class ConsumerStore
{
    /// <summary>Finds the consumer of a user name. Called by many requests at once, at most once in
    /// <see cref="BasicAuthConsumersOptions.RememberFor"/> for a consumer that is let in.</summary>
    /// <param name="username">The user name as the client sent it; compare it exactly.</param>
    /// <param name="cancellationToken">Cancelled when the client leaves.</param>
    /// <returns>The consumer, or <see langword="null"/> when there is none. When it throws, nobody is let in: the client is answered 503.</returns>
    public abstract ValueTask<Consumer?> FindAsync(string username, CancellationToken cancellationToken);
}
