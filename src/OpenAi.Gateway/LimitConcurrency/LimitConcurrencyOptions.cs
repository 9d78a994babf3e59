using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// How many requests of a key may be at the upstream at the same time. Further ones wait in a queue, the first to come being the first to go on,
/// or are refused. Answers from the cache take no place.
/// </summary>
public sealed class LimitConcurrencyOptions
{
    private Func<HttpContext, string?>? _keySelector;

    /// <summary>The requests at the same time. Required, at least 1.</summary>
    [Between(1, int.MaxValue, ErrorMessage = "Permits must be at least 1: the number of requests at the same time.")]
    public int Permits { get; set; }

    /// <summary>How many requests may wait.</summary>
    /// <value>The default is 0: whoever finds no place is refused at once.</value>
    [Between(0, int.MaxValue, ErrorMessage = "QueueLimit must be 0 or more.")]
    public int QueueLimit { get; set; }

    /// <summary>How long a request waits before it is refused.</summary>
    /// <value>The default is 30 seconds.</value>
    public TimeSpan QueueTimeout { get; set; } = TimeSpan.FromSeconds(30);

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

    /// <summary>Limits with the same group, <see cref="Permits"/> and <see cref="QueueLimit"/> share their places, on whatever routes they are.</summary>
    /// <value>The default is <see langword="null"/>: the limit has places of its own.</value>
    public string? Group { get; set; }

    /// <summary>The status of a refused request.</summary>
    /// <value>The default is 429, which OpenAI's SDKs try again after <c>Retry-After</c>.</value>
    [Between(200, 599, ErrorMessage = "RejectedCode must be an HTTP status between 200 and 599.")]
    public int RejectedCode { get; set; } = StatusCodes.Status429TooManyRequests;

    /// <summary>What a refused request is told.</summary>
    /// <value>The default is "Too many requests at the same time. Try again later."</value>
    [Required(ErrorMessage = "RejectedMessage is empty. Say what a refused caller shall read, or leave it out.")]
    public string RejectedMessage { get; set; } = "Too many requests at the same time. Try again later.";

    internal LimitKeySetting KeySetting => new(Key, KeyType, _keySelector, Group);

    /// <summary>Counts by a value that no variable holds.</summary>
    /// <param name="selector">Gives the key of a request; <see langword="null"/> or an empty text counts by address.</param>
    /// <returns>These options.</returns>
    public LimitConcurrencyOptions UseKey(Func<HttpContext, string?> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        _keySelector = selector;
        return this;
    }
}
