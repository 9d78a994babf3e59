using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>
/// Every upstream by name, as it is now. A changed configuration is taken over whole or not at all; requests in flight finish on the
/// upstream that they began with, and its handler's connections run out by themselves.
/// </summary>
internal sealed class UpstreamRegistry : IDisposable
{
    private readonly ConcurrentDictionary<string, Upstream> _upstreams = new(StringComparer.Ordinal);
    private readonly HashSet<string> _names;
    private readonly IOptionsFactory<OpenAiUpstreamOptions> _factory;
    private readonly TimeProvider _time;
    private readonly ILogger<UpstreamRegistry> _logger;
    private readonly List<IDisposable> _subscriptions;

    public UpstreamRegistry(
        IEnumerable<UpstreamName> names,
        IOptionsFactory<OpenAiUpstreamOptions> factory,
        IEnumerable<IOptionsChangeTokenSource<OpenAiUpstreamOptions>> sources,
        TimeProvider time,
        ILogger<UpstreamRegistry> logger)
    {
        _names = [.. names.Select(name => name.Value)];
        _factory = factory;
        _time = time;
        _logger = logger;

        // Not IOptionsMonitor: it would throw a refused change at whoever reloads the configuration.
        _subscriptions = [.. sources.Select(source => ChangeToken.OnChange(source.GetChangeToken, Reload, source))];
    }

    /// <exception cref="InvalidOperationException">No upstream has that name.</exception>
    /// <exception cref="OptionsValidationException">Its configuration is wrong.</exception>
    public Upstream Get(string name) => _upstreams.TryGetValue(name, out var upstream)
        ? upstream
        : _upstreams.GetOrAdd(name, static (added, registry) => registry.Create(added, null), this);

    /// <summary>Makes every upstream, so that a wrong configuration stops the app at start-up.</summary>
    public void CheckAll()
    {
        foreach (var name in _names)
        {
            Get(name);
        }
    }

    public void Dispose()
    {
        _subscriptions.ForEach(subscription => subscription.Dispose());
        foreach (var upstream in _upstreams.Values)
        {
            upstream.Invoker.Dispose();
        }
    }

    private Upstream Create(string name, Upstream? before)
    {
        CheckName(name);
        var options = _factory.Create(name);
        foreach (var fallback in options.Fallbacks)
        {
            CheckName(fallback.Upstream, $"Upstream '{name}': Fallbacks: ");
        }

        var invoker = before is not null && UpstreamHandlerFactory.CanReuse(before.Options, options)
            ? before.Invoker
            : UpstreamHandlerFactory.Create(options);
        return new Upstream(name, options, invoker, before?.Budget ?? new RetryBudget(_time), _time);
    }

    private void CheckName(string name, string where = "")
    {
        if (!_names.Contains(name))
        {
            var known = _names.Count == 0 ? "none is registered" : $"registered are: {string.Join(", ", _names.Order())}";
            throw new InvalidOperationException(
                $"{where}No upstream is named '{name}' ({known}). Call builder.Services.AddOpenAiUpstream(\"{name}\", upstream => …) or correct the name.");
        }
    }

    private void Reload(IOptionsChangeTokenSource<OpenAiUpstreamOptions> source)
    {
        var name = source.Name ?? "";
        try
        {
            if ((source is not UpstreamSection section || section.HasChanged()) && _upstreams.TryGetValue(name, out var before))
            {
                _upstreams[name] = Create(name, before);
                UpstreamLog.Changed(_logger, name);
            }
        }
        catch (Exception error)
        {
            UpstreamLog.ChangeRefused(_logger, name, error.Message);
        }
    }
}
