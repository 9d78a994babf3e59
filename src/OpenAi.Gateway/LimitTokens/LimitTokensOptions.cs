using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// How many tokens a key may take in a time window. What a request may take, its input and the maximum that it declares, is reserved before it
/// goes upstream, and what it took takes the place of that when its answer has ended. Answers from the cache take nothing.
/// </summary>
/// <remarks>
/// Completions, chat completions, responses and their compaction, and embeddings are counted. Input that is not in the request's own text (images,
/// sound and files, an earlier response, the results of hosted tools) is counted only when the upstream has reported it.
/// </remarks>
public sealed class LimitTokensOptions
{
    private Func<HttpContext, string?>? _keySelector;

    /// <summary>The tokens in one window. Required, at least 1.</summary>
    [Between(1, long.MaxValue, ErrorMessage = "Count must be at least 1: the number of tokens in one TimeWindow.")]
    public long Count { get; set; }

    /// <summary>The length of a window, which opens with its key's first request. Required.</summary>
    public TimeSpan TimeWindow { get; set; }

    /// <summary>Which tokens are counted.</summary>
    /// <value>The default is <see cref="CountedTokens.Total"/>.</value>
    [EnumDataType(typeof(CountedTokens), ErrorMessage = "Counts must be Total, Input or Output.")]
    public CountedTokens Counts { get; set; }

    /// <summary>What to do with a request that does not say how many tokens its answer may have.</summary>
    /// <value>The default is <see cref="WhenMaxUnknown.Estimate"/>; with <see cref="WhenMaxUnknown.InjectCap"/> no answer can exceed the limit.</value>
    [EnumDataType(typeof(WhenMaxUnknown), ErrorMessage = "WhenMaxUnknown must be Estimate or InjectCap.")]
    public WhenMaxUnknown WhenMaxUnknown { get; set; }

    /// <summary>The tokens of an answer whose request names no maximum: the estimate, or the cap that is written into the request.</summary>
    /// <value>The default is 1024.</value>
    [Between(1, int.MaxValue, ErrorMessage = "DefaultMaxOutputTokens must be at least 1.")]
    public int DefaultMaxOutputTokens { get; set; } = 1024;

    /// <summary>
    /// How many bytes of a request are taken for a token when its input is reserved: 1 to 16. No token is shorter than a byte, so 1 never reserves too
    /// little; English text has 3 to 4.
    /// </summary>
    /// <value>The default is 1.</value>
    public double InputBytesPerToken { get; set; } = 1;

    /// <summary>
    /// What the tokens are counted by: <c>remote_addr</c>, <c>consumer_name</c>, <c>http_&lt;header&gt;</c>, <c>arg_&lt;name&gt;</c> and further
    /// variables; see <see cref="KeyType"/>. A request without such a value is counted by its address.
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
    /// <value>The default is "Too many tokens. Try again later."</value>
    [Required(ErrorMessage = "RejectedMessage is empty. Say what a refused caller shall read, or leave it out.")]
    public string RejectedMessage { get; set; } = "Too many tokens. Try again later.";

    /// <summary>Whether answers carry <c>X-RateLimit-Limit-Tokens</c>, <c>-Remaining-Tokens</c> and <c>-Reset-Tokens</c> (seconds).</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool ShowLimitQuotaHeader { get; set; } = true;

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
    public LimitTokensOptions UseKey(Func<HttpContext, string?> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        _keySelector = selector;
        return this;
    }
}
