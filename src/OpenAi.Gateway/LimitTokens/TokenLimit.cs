using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>The tokens that a key may take in a window.</summary>
internal sealed class TokenLimit(LimitTokensOptions options, string name)
    : SpendLimit(new TokenEstimate(options.InputBytesPerToken, options.DefaultMaxOutputTokens, options.WhenMaxUnknown))
{
    private readonly LimitKeys _keys = new(options.KeySetting, name, "tokens:");

    public override string Kind => "tokens";

    public override long Most => options.Count;

    public override bool AllowDegradation => options.AllowDegradation;

    public override (LimitKey Key, TimeSpan Window) WindowOf(GatewayRequest request, DateTimeOffset now) => (_keys.KeyOf(request), options.TimeWindow);

    public override long CostOf(ModelRequest model, ModelPrices prices, out GatewayError? error)
    {
        error = null;
        return Counted(Estimate.Of(model));
    }

    public override long? Spent(ModelRequest model, RequestUsage usage, ModelPrices prices) => Counted(usage.Tokens);

    public override GatewayError Refuse(HttpContext context, LimitReservation reservation) =>
        GatewayErrors.TokensReached(options.RejectedCode, options.RejectedMessage, reservation.ResetAfter);

    public override GatewayError RefuseForever(ModelRequest model, long cost) => GatewayErrors.TooLargeForLimit(
        $"The request may take {cost} tokens (input and maximum output), and the limit is {options.Count}. Ask for fewer, or shorten the input.",
        model.MaxField);

    public override void WriteHeaders(HttpResponse response, LimitReservation reservation)
    {
        if (options.ShowLimitQuotaHeader)
        {
            RateLimitHeaders.WriteTokens(response, options.Count, reservation.Remaining, reservation.ResetAfter);
        }
    }

    private long Counted(TokenUsage tokens) => options.Counts switch
    {
        CountedTokens.Input => tokens.Input,
        CountedTokens.Output => tokens.Output,
        _ => tokens.Total,
    };
}
