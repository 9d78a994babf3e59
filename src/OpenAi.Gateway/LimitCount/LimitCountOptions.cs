using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// How many requests a key may make in a time window. A window opens with its key's first request and ends exactly
/// <see cref="TimeWindow"/> later.
/// </summary>
public sealed class LimitCountOptions
{
    private Func<HttpContext, string?>? _keySelector;

    /// <summary>The requests in one window. Required, at least 1.</summary>
    [Between(1, long.MaxValue, ErrorMessage = "Count must be at least 1: the number of requests in one TimeWindow.")]
    public long Count { get; set; }

    /// <summary>The length of a window. Required.</summary>
    public TimeSpan TimeWindow { get; set; }

    /// <summary>
    /// What the requests are counted by: <c>remote_addr</c>, <c>consumer_name</c>, <c>http_&lt;header&gt;</c>, <c>arg_&lt;name&gt;</c> and
    /// further variables; see <see cref="KeyType"/>. A request without such a value is counted by its address.
    /// </summary>
    /// <value>The default is <see langword="null"/>: the consumer when there is one, else the address of the socket's peer.</value>
    public string? Key { get; set; }

    /// <summary>How <see cref="Key"/> is read.</summary>
    /// <value>The default is <see cref="LimitKeyType.Var"/>.</value>
    [EnumDataType(typeof(LimitKeyType), ErrorMessage = "KeyType must be Var, VarCombination or Constant.")]
    public LimitKeyType KeyType { get; set; }

    /// <summary>The status of a refused request.</summary>
    /// <value>The default is 429, which OpenAI's SDKs try again after <c>Retry-After</c>.</value>
    [Between(200, 599, ErrorMessage = "RejectedCode must be an HTTP status between 200 and 599.")]
    public int RejectedCode { get; set; } = StatusCodes.Status429TooManyRequests;

    /// <summary>What a refused request is told.</summary>
    /// <value>The default is "Too many requests. Try again later."</value>
    [Required(ErrorMessage = "RejectedMessage is empty. Say what a refused caller shall read, or leave it out.")]
    public string RejectedMessage { get; set; } = "Too many requests. Try again later.";

    /// <summary>Whether answers carry <c>X-RateLimit-Limit</c>, <c>-Remaining</c> and <c>-Reset</c> (seconds).</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool ShowLimitQuotaHeader { get; set; } = true;

    /// <summary>Whether an answer from the cache counts. If not, it is given even when the limit is spent.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool CountCacheHits { get; set; } = true;

    /// <summary>Limits with the same group share one counter, on whatever routes they are; it also names the counter in a shared store.</summary>
    /// <value>The default is <see langword="null"/>: the limit has a counter of its own.</value>
    public string? Group { get; set; }

    /// <summary>Whether requests pass when the counter's store is down, or does not answer for 2 seconds. If not, they are answered 503.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    /// <remarks>While the store stays silent, most requests wait 0.1 seconds for it.</remarks>
    public bool AllowDegradation { get; set; }

    internal LimitKeySetting KeySetting => new(Key, KeyType, _keySelector, Group);

    /// <summary>Counts by a value that no variable holds.</summary>
    /// <param name="selector">Gives the key of a request; <see langword="null"/> or an empty text counts by address.</param>
    /// <returns>These options.</returns>
    public LimitCountOptions UseKey(Func<HttpContext, string?> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        _keySelector = selector;
        return this;
    }
}
