namespace OpenAi.Gateway;

/// <summary>How long a budget lasts, by the calendar (UTC).</summary>
public enum BudgetPeriod
{
    /// <summary>From the first to the last day of a month.</summary>
    Month,

    /// <summary>From midnight to midnight.</summary>
    Day,
}
