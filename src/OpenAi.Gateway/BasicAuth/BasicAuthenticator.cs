using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>
/// Checks an <c>Authorization</c> header. Every refusal of well-formed credentials costs the same work, so that time does not tell whether a
/// user name exists.
/// </summary>
internal sealed class BasicAuthenticator
{
    private static readonly ConsumerPassword FastDecoy = ConsumerPassword.FromClear(Guid.NewGuid().ToString());
    private static readonly Lazy<ConsumerPassword> SlowDecoy = new(() => ConsumerPassword.FromHash(Consumer.HashPassword(Guid.NewGuid().ToString())));

    // A flood of wrong passwords may keep no more than half of the processors busy with slow hashes.
    private static readonly SemaphoreSlim SlowChecks = new(Math.Max(1, Environment.ProcessorCount / 2));

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LogPace _pace;
    private readonly ConsumerStore _store;
    private readonly VerifiedHeaders _verified;
    private readonly ConsumerPassword[] _slowPasswords;
    private volatile ConsumerPassword? _lastSlowPassword;
    private volatile bool _hasSlowPasswords;

    public BasicAuthenticator(BasicAuthConsumersOptions options, ConsumerStore store, TimeProvider time, ILogger logger)
    {
        Options = options;
        _time = time;
        _logger = logger;
        _pace = new LogPace(time);
        _store = store;
        _verified = new VerifiedHeaders(options.RememberFor, time);
        _slowPasswords = [.. options.Consumers.Select(consumer => consumer.PasswordHash).OfType<string>().Select(ConsumerPassword.FromHash)];
        _hasSlowPasswords = store is not ConfiguredConsumerStore || _slowPasswords.Length > 0;
        Challenge = $"Basic realm=\"{options.Realm}\", charset=\"UTF-8\"";
    }

    /// <summary>The options that it was made from.</summary>
    public BasicAuthConsumersOptions Options { get; }

    /// <summary>The value of <c>WWW-Authenticate</c> (RFC 7617, 2 and 2.1).</summary>
    public string Challenge { get; }

    /// <exception cref="InvalidOperationException">There are neither consumers nor a store.</exception>
    public static BasicAuthenticator Create(BasicAuthConsumersOptions options, GatewayServices services)
    {
        var store = options.Consumers.Count > 0
            ? new ConfiguredConsumerStore(options.Consumers)
            : services.ConsumerStore ?? throw new InvalidOperationException(
                "UseBasicAuthConsumers has no consumers. Add one, for example consumers.Add(\"consumer1\", username: …, password: …), "
                + "or register a ConsumerStore as a singleton.");
        return new BasicAuthenticator(options, store, services.Time, services.Loggers.CreateLogger(BasicAuthLog.Category));
    }

    /// <summary>The consumer of a header that was verified a short while ago.</summary>
    public Consumer? FindVerified(HttpContext context)
    {
        if (context.Request.Headers.Authorization is not [{ } header])
        {
            return null;
        }

        // A connection of HTTP/2 has several requests at once, for which its items are not safe.
        var items = HttpProtocol.IsHttp11(context.Request.Protocol) ? context.Find<IConnectionItemsFeature>()?.Items : null;
        if (items is not null && items.TryGetValue(typeof(VerifiedOnConnection), out var item)
            && item is VerifiedOnConnection known && known.Is(this, header, _time, Options.RememberFor))
        {
            return known.Consumer;
        }

        if (_verified.Find(header, out var verifiedAt) is not { } consumer)
        {
            return null;
        }

        items?[typeof(VerifiedOnConnection)] = new VerifiedOnConnection(this, header, consumer, verifiedAt);
        return consumer;
    }

    /// <summary>Checks a header; gives either the consumer or the reason of the refusal. A store that fails lets nobody in.</summary>
    public async ValueTask<(Consumer? Consumer, GatewayError? Error)> CheckAsync(StringValues header, CancellationToken cancellationToken)
    {
        if (StringValues.IsNullOrEmpty(header))
        {
            return (null, GatewayErrors.MissingCredentials);
        }

        if (header.Count != 1 || BasicCredentials.Parse(header.ToString()) is not { } credentials)
        {
            return (null, GatewayErrors.MalformedCredentials);
        }

        Consumer? consumer;
        try
        {
            consumer = await _store.FindAsync(credentials.Username, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            if (_pace.IsDue())
            {
                BasicAuthLog.ConsumerStoreFailed(_logger, error);
            }

            return (null, GatewayErrors.ConsumersUnavailable);
        }

        if (!await MatchesAsync(consumer?.Password, credentials, cancellationToken))
        {
            return (null, GatewayErrors.WrongCredentials);
        }

        _verified.Remember(header.ToString(), consumer!);
        return (consumer, null);
    }

    private async ValueTask<bool> MatchesAsync(ConsumerPassword? password, BasicCredentials credentials, CancellationToken cancellationToken)
    {
        var given = credentials.Password;
        var isSlow = password?.IsSlow == true;
        if (isSlow)
        {
            _lastSlowPassword = password;
            _hasSlowPasswords = true;
        }
        else if ((password ?? FastDecoy).Matches(given) && password is not null)
        {
            return true;
        }
        else if (!_hasSlowPasswords)
        {
            return false;
        }

        await SlowChecks.WaitAsync(cancellationToken);
        try
        {
            return (isSlow ? password! : DecoyFor(credentials.Username)).Matches(given) && isSlow;
        }
        finally
        {
            SlowChecks.Release();
        }
    }

    // How long a check takes is written in the hash, and differs between versions of Identity. So an unknown user name is checked against one of the
    // consumers' hashes, each time the same one; whether that matches does not matter.
    private ConsumerPassword DecoyFor(string username) => _slowPasswords.Length > 0
        ? _slowPasswords[(uint)username.GetHashCode(StringComparison.Ordinal) % (uint)_slowPasswords.Length]
        : _lastSlowPassword ?? SlowDecoy.Value;
}
