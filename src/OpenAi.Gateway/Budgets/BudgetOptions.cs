using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// How much money a key may spend in a day or month, by the prices of <see cref="OpenAiUsageOptions"/>. What a request may cost, its input and the
/// maximum that it declares, is reserved before it goes upstream, and what it cost takes the place of that when its answer has ended. Answers from
/// the cache cost nothing.
/// </summary>
/// <remarks>Completions, chat completions, responses and their compaction, and embeddings cost something; other operations are not counted.</remarks>
public sealed class BudgetOptions
{
    private Func<HttpContext, string?>? _keySelector;

    /// <summary>The money of one period, in the currency of the prices. Required, more than 0 and at most 1,000,000,000.</summary>
    public decimal Amount { get; set; }

    /// <summary>How long the amount must last.</summary>
    /// <value>The default is <see cref="BudgetPeriod.Month"/>.</value>
    [EnumDataType(typeof(BudgetPeriod), ErrorMessage = "Period must be Month or Day.")]
    public BudgetPeriod Period { get; set; }

    /// <summary>
    /// Whether models without a price are let pass: nothing is reserved for them, and counted is what the model costs that answered, if it has a price.
    /// If not, a request for one is answered 400.
    /// </summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool AllowUnpricedModels { get; set; }

    /// <summary>What to do with a request that does not say how many tokens its answer may have.</summary>
    /// <value>The default is <see cref="WhenMaxUnknown.Estimate"/>; with <see cref="WhenMaxUnknown.InjectCap"/> no answer can exceed the budget.</value>
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
    /// Whose money it is: <c>remote_addr</c>, <c>consumer_name</c>, <c>http_&lt;header&gt;</c>, <c>arg_&lt;name&gt;</c> and further variables; see
    /// <see cref="KeyType"/>. A request without such a value is counted by its address.
    /// </summary>
    /// <value>The default is <see langword="null"/>: the consumer when there is one, else the address of the socket's peer.</value>
    public string? Key { get; set; }

    /// <summary>How <see cref="Key"/> is read.</summary>
    /// <value>The default is <see cref="LimitKeyType.Var"/>.</value>
    [EnumDataType(typeof(LimitKeyType), ErrorMessage = "KeyType must be Var, VarCombination or Constant.")]
    public LimitKeyType KeyType { get; set; }

    /// <summary>The status of a refused request, which also carries <c>x-should-retry: false</c> and OpenAI's code <c>insufficient_quota</c>.</summary>
    /// <value>The default is 429, as OpenAI answers.</value>
    [Between(200, 599, ErrorMessage = "RejectedCode must be an HTTP status between 200 and 599.")]
    public int RejectedCode { get; set; } = StatusCodes.Status429TooManyRequests;

    /// <summary>What a refused request is told.</summary>
    /// <value>The default is "The budget is spent."</value>
    [Required(ErrorMessage = "RejectedMessage is empty. Say what a refused caller shall read, or leave it out.")]
    public string RejectedMessage { get; set; } = "The budget is spent.";

    /// <summary>Budgets with the same group are one, on whatever routes they are; it also names the budget in a shared store.</summary>
    /// <value>The default is <see langword="null"/>: the policy has a budget of its own.</value>
    public string? Group { get; set; }

    /// <summary>Whether requests pass when the counter's store is down, or does not answer for 2 seconds. If not, they are answered 503.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    /// <remarks>While the store stays silent, most requests wait 0.1 seconds for it.</remarks>
    public bool AllowDegradation { get; set; }

    internal LimitKeySetting KeySetting => new(Key, KeyType, _keySelector, Group);

    /// <summary>Counts by a value that no variable holds.</summary>
    /// <param name="selector">Gives the key of a request; <see langword="null"/> or an empty text counts by address.</param>
    /// <returns>These options.</returns>
    public BudgetOptions UseKey(Func<HttpContext, string?> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        _keySelector = selector;
        return this;
    }
}
