using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>Makes a policy's value of its options, wherever they were written, and names it for the stores that know it by name.</summary>
/// <param name="method">The method that code calls, for messages.</param>
/// <param name="kind">The beginning of the names that policies get that have no section of their own.</param>
/// <param name="validator">Checks the options.</param>
/// <param name="bind">Reads the options from a section: the generated binder wants the type written out.</param>
/// <param name="compile">Makes the value of right options and a name.</param>
internal sealed class PolicyLoader<TOptions, TCompiled>(
    string method,
    string kind,
    IValidateOptions<TOptions> validator,
    Action<IConfiguration, TOptions> bind,
    Func<TOptions, string, TCompiled> compile)
    where TOptions : class, new()
    where TCompiled : class
{
    private int _count;

    /// <summary>Options from code, which never change.</summary>
    public Reloadable<TCompiled> From(Action<TOptions> configure)
    {
        var options = new TOptions();
        configure(options);
        return new(compile(OptionsCheck.Valid(method, options, validator), NextName()));
    }

    /// <summary>Options that follow their section.</summary>
    public Reloadable<TCompiled> Following(IConfiguration section)
    {
        var name = NextName();
        return new(section, () => Load(section, name));
    }

    /// <summary>
    /// Options of a configured route, read once: the routes change together. The section's path is the name, so that what a store holds lives on
    /// when the routes are made anew.
    /// </summary>
    public Reloadable<TCompiled> Once(IConfigurationSection section) => new(Load(section, section.Path));

    private TCompiled Load(IConfiguration section, string name)
    {
        var options = new TOptions();
        bind(section, options);
        return compile(OptionsCheck.Valid(OptionsCheck.PathOf(section), options, validator), name);
    }

    private string NextName() => $"{kind}-{Interlocked.Increment(ref _count)}";
}
