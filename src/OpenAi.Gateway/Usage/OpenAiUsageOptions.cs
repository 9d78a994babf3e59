using System.ComponentModel.DataAnnotations;

namespace OpenAi.Gateway;

/// <summary>What becomes of the usage of each call: what it costs, and where it is written.</summary>
public sealed class OpenAiUsageOptions
{
    /// <summary>
    /// What tokens cost, by the name of the model. The answered model is looked up first, as it is and without a date at its end
    /// (<c>-2024-08-06</c> or <c>-20240806</c>), then the one that was asked for. A model without a price has no cost, and a warning says so once.
    /// </summary>
    public IDictionary<string, ModelPriceOptions> Prices { get; } = new Dictionary<string, ModelPriceOptions>(StringComparer.Ordinal);

    /// <summary>The currency of the prices: three capital letters (ISO 4217). It cannot change while the app runs.</summary>
    /// <value>The default is <c>USD</c>.</value>
    [RegularExpression("^[A-Z]{3}$", ErrorMessage = "Currency must be three capital letters, for example \"USD\" or \"EUR\".")]
    public string Currency { get; set; } = "USD";

    /// <summary>How many records may wait for one sink. What does not fit is dropped and counted.</summary>
    /// <value>The default is 10000.</value>
    [Between(1, 10_000_000, ErrorMessage = "QueueCapacity must be between 1 and 10000000 records.")]
    public int QueueCapacity { get; set; } = UsageQueue.DefaultCapacity;

    /// <summary>Whether each call's usage is a line of the app's log (event 1602, information).</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool Log { get; set; }

    /// <summary>
    /// A file that each call's usage is appended to as one line of JSON, to be read with <see cref="UsageFile"/>. Its folder must exist, and each
    /// process needs a file of its own.
    /// </summary>
    /// <value>The default is <see langword="null"/>: no file.</value>
    public string? File { get; set; }

    /// <summary>How many hours <see cref="UsageSummary"/> keeps; 0 turns it off.</summary>
    /// <value>The default is 0.</value>
    [Between(0, 744, ErrorMessage = "SummaryHours must be between 0 (off) and 744 (31 days).")]
    public int SummaryHours { get; set; }
}
