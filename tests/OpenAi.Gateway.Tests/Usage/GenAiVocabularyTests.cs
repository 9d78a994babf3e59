using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>The names of the metrics of OpenTelemetry's conventions for generative AI, and which of the two vocabularies there are.</summary>
public sealed class GenAiVocabularyTests
{
    private const string Seconds = "0.01 0.02 0.04 0.08 0.16 0.32 0.64 1.28 2.56 5.12 10.24 20.48 40.96 81.92";
    private const string Sizes = "1 4 16 64 256 1024 4096 16384 65536 262144 1048576 4194304 16777216 67108864";

    private static readonly string[] Old =
    [
        $"gen_ai.client.operation.duration | s | Histogram | {Seconds}",
        $"gen_ai.client.operation.time_to_first_chunk | s | Histogram | {Seconds}",
        $"gen_ai.client.operation.time_per_output_chunk | s | Histogram | {Seconds}",
        $"gen_ai.client.token.usage | {{token}} | Histogram | {Sizes}",
    ];

    // The first stays for embeddings, which are no inference.
    private static readonly string[] Latest =
    [
        $"gen_ai.client.operation.duration | s | Histogram | {Seconds}",
        $"gen_ai.client.inference.duration | s | Histogram | {Seconds}",
        $"gen_ai.client.inference.time_to_first_chunk | s | Histogram | {Seconds}",
        $"gen_ai.client.inference.time_per_output_chunk | s | Histogram | {Seconds}",
        "gen_ai.client.inference.usage.input_tokens | {token} | Counter |",
        "gen_ai.client.inference.usage.output_tokens | {token} | Counter |",
        "gen_ai.client.inference.usage.cache_read.input_tokens | {token} | Counter |",
        "gen_ai.client.inference.usage.cache_write.input_tokens | {token} | Counter |",
        "gen_ai.client.inference.usage.reasoning.output_tokens | {token} | Counter |",
        $"gen_ai.client.inference.operation.input_tokens | {{token}} | Histogram | {Sizes}",
        $"gen_ai.client.inference.operation.output_tokens | {{token}} | Histogram | {Sizes}",
    ];

    public static TheoryData<string?, string[]> Vocabularies => new()
    {
        { null, Old },
        { "", Old },
        { "http/dup", Old },
        { "GEN_AI_LATEST_EXPERIMENTAL", Old },
        { "gen_ai_latest_experimental", Latest },
        { "http, gen_ai_latest_experimental ,database", Latest },
        { "gen_ai_latest_experimental/dup", [.. Old.Union(Latest)] },
        { "gen_ai_latest_experimental,gen_ai_latest_experimental/dup", [.. Old.Union(Latest)] },
    };

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public async Task The_switch_decides_the_names_units_kinds_and_buckets(string? optIn, string[] instruments)
    {
        await using var host = await UsageHost.StartAsync(
            services => services.AddOpenAiUsage(_ => { }), [KeyValuePair.Create(GenAiOptIn.Key, (string?)(optIn ?? ""))]);
        var published = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, host.Services.GetRequiredService<IMeterFactory>()) && instrument.Name.StartsWith("gen_ai."))
                {
                    instrument.Meter.Name.ShouldBe("OpenAi.Gateway");
                    published.Add(Describe(instrument));
                }
            },
        };

        listener.Start();

        published.ShouldBe(instruments, ignoreOrder: true);
    }

    private static string Describe(Instrument instrument)
    {
        var buckets = instrument switch
        {
            Histogram<double> seconds => seconds.Advice!.HistogramBucketBoundaries!.Select(Text),
            Histogram<long> sizes => sizes.Advice!.HistogramBucketBoundaries!.Select(Text),
            _ => [],
        };
        return $"{instrument.Name} | {instrument.Unit} | {instrument.GetType().Name.Split('`')[0]} | {string.Join(' ', buckets)}".TrimEnd();
    }

    private static string Text<T>(T boundary) => Convert.ToString(boundary, CultureInfo.InvariantCulture)!;
}
