using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>
/// A value made from configuration that follows its changes. A first value that is wrong throws; a later one is refused whole: the last
/// good value stays and the log says which setting was wrong and why.
/// </summary>
internal sealed class Reloadable<T>
    where T : class
{
    private readonly string _path = "";
    private readonly Func<T>? _load;
    private readonly IDisposable? _subscription;
    private ILogger? _logger;
    private volatile T _value;

    /// <summary>A value that never changes.</summary>
    public Reloadable(T value) => _value = value;

    /// <exception cref="InvalidOperationException">The section does not exist.</exception>
    /// <exception cref="OptionsValidationException">The section holds a wrong value.</exception>
    public Reloadable(IConfiguration section, Func<T> load)
    {
        _path = OptionsCheck.PathOf(section);
        _load = () =>
        {
            OptionsCheck.Exists(section);
            return load();
        };
        _value = _load();
        _subscription = ChangeToken.OnChange(section.GetReloadToken, Reload);
    }

    public T Value => _value;

    /// <summary>Throws when a changed value cannot work with the app's services; known only once the app has been built, too.</summary>
    public Action<T>? Check { get; set; }

    /// <summary>
    /// Lets it report refused changes, and end with the app, which its configuration may outlive; both are known only once the app has been built.
    /// </summary>
    public void Attach(GatewayServices services, string category)
    {
        if (_logger is null)
        {
            _logger = services.Loggers.CreateLogger(category);
            services.EndWithApp(_subscription);
        }
    }

    private void Reload()
    {
        try
        {
            var changed = _load!();
            Check?.Invoke(changed);
            _value = changed;
        }
        catch (Exception error)
        {
            if (_logger is { } logger)
            {
                RoutingLog.ConfigurationRefused(logger, _path, error.Message);
            }
        }
    }
}
