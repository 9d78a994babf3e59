using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>The money that a key may spend in a day or month, counted in billionths of the currency.</summary>
internal sealed class BudgetLimit(BudgetOptions options, string name)
    : SpendLimit(new TokenEstimate(options.InputBytesPerToken, options.DefaultMaxOutputTokens, options.WhenMaxUnknown))
{
    private const string ShouldRetry = "x-should-retry";
    private const decimal Unit = 1_000_000_000;

    private readonly LimitKeys _keys = new(options.KeySetting, name, "budget:");

    public override string Kind => "budget";

    public override long Most { get; } = (long)(options.Amount * Unit);

    public override bool AllowDegradation => options.AllowDegradation;

    /// <exception cref="InvalidOperationException">There are no prices, so that every request would be refused.</exception>
    public void CheckAgainst(ModelPrices prices)
    {
        if (!prices.IsEmpty || options.AllowUnpricedModels)
        {
            return;
        }

        // One change may bring a budget and the prices that it needs, and nothing says who hears of it first.
        prices.Reload();
        if (prices.IsEmpty)
        {
            throw new InvalidOperationException(
                "UseBudget needs the prices of the models. Add them, for example builder.Services.AddOpenAiUsage(usage => usage.Prices[\"gpt-4.1\"] = …), "
                + "or set AllowUnpricedModels.");
        }
    }

    public override (LimitKey Key, TimeSpan Window) WindowOf(GatewayRequest request, DateTimeOffset now)
    {
        var (begin, end, form) = options.Period == BudgetPeriod.Day
            ? (now.UtcDateTime.Date, now.UtcDateTime.Date.AddDays(1), "yyyy-MM-dd")
            : (FirstOfMonth(now), FirstOfMonth(now).AddMonths(1), "yyyy-MM");
        var key = _keys.KeyOf(request);

        // A call that ends in another period than it began in is settled where it was reserved.
        return (key with { Limit = $"{key.Limit}:{begin.ToString(form, CultureInfo.InvariantCulture)}" }, end - now.UtcDateTime);
    }

    public override long CostOf(ModelRequest model, ModelPrices prices, out GatewayError? error)
    {
        var tokens = Estimate.Of(model);
        var dearest = model.PossibleModels.Max(one => prices.Find(one)?.In(model.ServiceTier)?.Most(tokens));
        error = dearest is null && !options.AllowUnpricedModels ? GatewayErrors.ModelNotPriced(model.AskedModel, model.ServiceTier) : null;
        return dearest is { } cost ? Units(cost) : 0;
    }

    public override long? Spent(ModelRequest model, RequestUsage usage, ModelPrices prices)
    {
        var known = usage.Calls is { } calls
            ? prices.Cost(calls)
            : prices.Cost(usage.Tokens, usage.AnsweredModel, usage.SentModel ?? model.Model, usage.ServiceTier);
        return known is { } cost ? Units(cost) : null;
    }

    public override GatewayError Refuse(HttpContext context, LimitReservation reservation)
    {
        // A period is longer than any client should wait for.
        context.Response.Headers[ShouldRetry] = "false";
        return GatewayErrors.BudgetSpent(options.RejectedCode, options.RejectedMessage);
    }

    public override GatewayError RefuseForever(ModelRequest model, long cost) => GatewayErrors.TooLargeForLimit(
        "The request may cost more than the whole budget. Ask for fewer tokens, or shorten the input.", model.MaxField);

    private static DateTime FirstOfMonth(DateTimeOffset now) => new(now.UtcDateTime.Year, now.UtcDateTime.Month, 1);

    // Rounded up: many small calls are not free.
    private static long Units(decimal cost) => cost >= long.MaxValue / Unit ? long.MaxValue : (long)Math.Ceiling(cost * Unit);
}
