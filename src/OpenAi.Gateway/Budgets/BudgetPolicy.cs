using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>"So much money a day or month", as written on the app, a group or a route.</summary>
internal sealed class BudgetPolicy(Reloadable<BudgetLimit> budget) : SpendPolicy
{
    private static readonly PolicyLoader<BudgetOptions, BudgetLimit> Loader = new(
        "UseBudget",
        "budget",
        BudgetOptionsValidator.Instance,
        static (section, options) =>
        {
            SectionShape.Check<BudgetOptions>(section);
            section.Bind(options, OptionsCheck.Strict);
        },
        static (options, name) => new BudgetLimit(options, name));

    public override SpendLimit Limit => budget.Value;

    public static BudgetPolicy From(Action<BudgetOptions> configure) => new(Loader.From(configure));

    public static BudgetPolicy Following(IConfiguration section) => new(Loader.Following(section));

    public static BudgetPolicy Once(IConfigurationSection section) => new(Loader.Once(section));

    public override void Attach(GatewayServices services)
    {
        budget.Attach(services, LimitCountLog.Category);
        budget.Check ??= changed => changed.CheckAgainst(services.Prices);
        budget.Value.CheckAgainst(services.Prices);
    }
}
