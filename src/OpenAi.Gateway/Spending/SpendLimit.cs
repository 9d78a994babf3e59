using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// A limit of what calls take, ready for use. What a call may take is reserved before it goes upstream; what it took takes the place of that
/// afterwards.
/// </summary>
internal abstract class SpendLimit(TokenEstimate estimate)
{
    public TokenEstimate Estimate => estimate;

    /// <summary>What it limits, in a word for the metrics.</summary>
    public abstract string Kind { get; }

    /// <summary>The most that fits into a window.</summary>
    public abstract long Most { get; }

    /// <summary>Whether calls pass when the counter's store is down.</summary>
    public abstract bool AllowDegradation { get; }

    /// <summary>The key of a request at a time, and how long its window is when it begins then.</summary>
    public abstract (LimitKey Key, TimeSpan Window) WindowOf(GatewayRequest request, DateTimeOffset now);

    /// <summary>The most that a request may take by its own words; 0 when the limit does not concern it, an error when it cannot be known.</summary>
    public abstract long CostOf(ModelRequest model, ModelPrices prices, out GatewayError? error);

    /// <summary>What an ended call took; <see langword="null"/> when it has no price, so that what was reserved stays.</summary>
    public abstract long? Spent(ModelRequest model, RequestUsage usage, ModelPrices prices);

    /// <summary>The refusal of a request that must wait.</summary>
    public abstract GatewayError Refuse(HttpContext context, LimitReservation reservation);

    /// <summary>The refusal of a request that no wait lets pass.</summary>
    public abstract GatewayError RefuseForever(ModelRequest model, long cost);

    /// <summary>Tells the caller how much is left.</summary>
    public virtual void WriteHeaders(HttpResponse response, LimitReservation reservation)
    {
    }
}
