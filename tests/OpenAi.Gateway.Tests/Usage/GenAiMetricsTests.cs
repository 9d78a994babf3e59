using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Diagnostics;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>What the metrics of OpenTelemetry's conventions for generative AI say of a call, in both vocabularies.</summary>
public sealed class GenAiMetricsTests
{
    private const string Base = "gen_ai.operation.name=chat, gen_ai.provider.name=openai, gen_ai.request.model=gpt-4o, "
        + "gen_ai.response.model=gpt-4o-2024-08-06, server.address=api.openai.com, server.port=443";

    [Fact]
    public async Task A_stream_is_measured_in_the_old_words()
    {
        await using var host = await StartAsync(null);

        host.Ledger.Add(Records.Chat);

        // 2.4 s for the 12 tokens after the first: 20 less 7 of reasoning, less the first.
        Of(host).ShouldBe(
        [
            $"gen_ai.client.operation.duration 2.9 {Base}",
            $"gen_ai.client.operation.time_to_first_chunk 0.5 {Base}",
            $"gen_ai.client.operation.time_per_output_chunk 0.2 {Base}",
            $"gen_ai.client.token.usage 100 {Base}, gen_ai.token.type=input",
            $"gen_ai.client.token.usage 20 {Base}, gen_ai.token.type=output",
        ]);
    }

    [Fact]
    public async Task A_stream_is_measured_in_the_new_words()
    {
        await using var host = await StartAsync("gen_ai_latest_experimental");

        host.Ledger.Add(Records.Chat);

        const string Counted = Base + ", gen_ai.token.modality=unknown";
        Of(host).ShouldBe(
            [
                $"gen_ai.client.inference.duration 2.9 {Base}",
                $"gen_ai.client.inference.time_to_first_chunk 0.5 {Base}",
                $"gen_ai.client.inference.time_per_output_chunk 0.2 {Base}",
                $"gen_ai.client.inference.usage.input_tokens 100 {Counted}",
                $"gen_ai.client.inference.usage.output_tokens 20 {Counted}",
                $"gen_ai.client.inference.usage.cache_read.input_tokens 60 {Counted}",
                $"gen_ai.client.inference.usage.cache_write.input_tokens 5 {Counted}",
                $"gen_ai.client.inference.usage.reasoning.output_tokens 7 {Counted}",
                $"gen_ai.client.inference.operation.input_tokens 100 {Base}",
                $"gen_ai.client.inference.operation.output_tokens 20 {Base}",
            ],
            ignoreOrder: true);
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData("gen_ai_latest_experimental", 1)]
    [InlineData("gen_ai_latest_experimental/dup", 1)]
    public async Task An_embedding_is_no_inference_and_has_no_output(string? optIn, int durations)
    {
        await using var host = await StartAsync(optIn);

        host.Ledger.Add(Records.Chat with
        {
            Operation = ModelOperation.Embeddings,
            IsStreamed = false,
            TimeToFirstToken = null,
            Usage = new(8, 0),
            Node = null,
        });

        var all = Of(host);
        all.Count(one => one.StartsWith("gen_ai.client.operation.duration ")).ShouldBe(durations);
        all.ShouldNotContain(one => one.Contains("inference.duration") || one.Contains("output"));
        all.ShouldAllBe(one => one.Contains("gen_ai.operation.name=embeddings") && !one.Contains("server."));
    }

    [Theory]
    [InlineData(ModelOperation.ChatCompletions, "chat")]
    [InlineData(ModelOperation.Responses, "chat")]
    [InlineData(ModelOperation.Compaction, "chat")]
    [InlineData(ModelOperation.Completions, "text_completion")]
    [InlineData(ModelOperation.Embeddings, "embeddings")]
    [InlineData(ModelOperation.Other, null)]
    public async Task The_operation_has_its_well_known_name(ModelOperation operation, string? name)
    {
        await using var host = await StartAsync("gen_ai_latest_experimental/dup");

        host.Ledger.Add(Records.Chat with { Operation = operation });

        var all = Of(host);
        all.Count.ShouldBe(name is null ? 0 : all.Count(one => one.Contains($"gen_ai.operation.name={name},")));
        (all.Count > 0).ShouldBe(name is not null);
    }

    [Theory]
    [InlineData("https://api.openai.com/", "openai", "api.openai.com", 443)]
    [InlineData("https://name.openai.azure.com/", "azure.ai.openai", "name.openai.azure.com", 443)]
    [InlineData("http://localhost:8080/base", "openai", "localhost", 8080)]
    [InlineData("https://openai.azure.com.example/", "openai", "openai.azure.com.example", 443)]
    public async Task The_server_is_that_of_the_node(string node, string provider, string address, int port)
    {
        await using var host = await StartAsync(null);

        host.Ledger.Add(Records.Chat with { Node = node });

        Of(host).ShouldAllBe(one => one.Contains($"gen_ai.provider.name={provider},") && one.Contains($"server.address={address}, server.port={port}"));
    }

    [Theory]
    [InlineData(UsageEnding.Ok, 200, null)]
    [InlineData(UsageEnding.UpstreamError, 429, "429")]
    [InlineData(UsageEnding.UpstreamError, 200, "upstream_error")]
    [InlineData(UsageEnding.UpstreamError, 999, "_OTHER")]
    [InlineData(UsageEnding.UpstreamCut, 502, "upstream_cut")]
    [InlineData(UsageEnding.Timeout, 504, "timeout")]
    [InlineData(UsageEnding.ClientLeftBeforeFirstToken, 499, "client_left_before_first_token")]
    [InlineData(UsageEnding.ClientLeftAfterFirstToken, 200, "client_left_after_first_token")]
    [InlineData(UsageEnding.Shutdown, 200, "shutdown")]
    public async Task A_failure_is_named_with_the_duration(UsageEnding ending, int status, string? error)
    {
        await using var host = await StartAsync("gen_ai_latest_experimental/dup");

        host.Ledger.Add(Records.Chat with { Ending = ending, Status = status });

        var all = Of(host);
        all.Where(one => one.Contains(".duration ")).ShouldBe(
        [
            $"gen_ai.client.operation.duration 2.9 {Base}{(error is null ? "" : ", error.type=" + error)}",
            $"gen_ai.client.inference.duration 2.9 {Base}{(error is null ? "" : ", error.type=" + error)}",
        ]);
        all.Where(one => !one.Contains(".duration ")).ShouldAllBe(one => !one.Contains("error.type"));
        all.Any(one => one.Contains("time_per_output_chunk")).ShouldBe(error is null);
    }

    [Fact]
    public async Task A_call_without_usage_counts_as_zero_and_an_estimate_is_no_count()
    {
        await using var host = await StartAsync("gen_ai_latest_experimental/dup");

        host.Ledger.Add(Records.Chat with { Ending = UsageEnding.UpstreamError, Status = 500, Usage = default });
        host.Ledger.Add(Records.Chat with { Ending = UsageEnding.UpstreamCut, IsEstimated = true });

        const string Counted = Base + ", gen_ai.token.modality=unknown";
        Of(host).Where(one => one.Contains("token")).ShouldBe(
        [
            $"gen_ai.client.inference.usage.input_tokens 0 {Counted}",
            $"gen_ai.client.inference.usage.output_tokens 0 {Counted}",
            $"gen_ai.client.inference.usage.input_tokens 0 {Counted}",
            $"gen_ai.client.inference.usage.output_tokens 0 {Counted}",
        ]);
    }

    [Theory]
    [InlineData(UsageEnding.Rejected)]
    [InlineData(UsageEnding.CacheHit)]
    [InlineData(UsageEnding.Follower)]
    public async Task What_asked_no_model_is_no_call_of_one(UsageEnding ending)
    {
        await using var host = await StartAsync("gen_ai_latest_experimental/dup");

        host.Ledger.Add(Records.Chat with { Ending = ending });

        Of(host).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_hundred_thousand_made_up_models_are_a_hundred_labels_beside_the_price_table()
    {
        await using var host = await StartAsync(null);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 25_000; i++)
            {
                var name = $"model-{thread}-{i}";
                host.Ledger.Add(Records.Chat with { SentModel = name, AnsweredModel = name, IsStreamed = false, Usage = default });
            }
        }))).SoonAsync();
        host.Ledger.Add(Records.Chat with { SentModel = "priced", AnsweredModel = "priced" });

        var labels = host.Measured.All.Select(one => Label(one.Tags, "gen_ai.request.model")).Distinct().ToList();
        labels.Count.ShouldBe(102);
        labels.ShouldContain("_OTHER");
        labels.ShouldContain("priced");
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\u202eb")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_name_that_is_none_is_no_label(string? name)
    {
        await using var host = await StartAsync(null);

        host.Ledger.Add(Records.Chat with { SentModel = name ?? new string('x', 129), AnsweredModel = name ?? new string('x', 129) });

        Of(host).ShouldAllBe(one => one.Contains("gen_ai.request.model=_OTHER, gen_ai.response.model=_OTHER,"));
    }

    [Fact]
    public async Task Names_that_no_upstream_answers_for_take_nobodys_place()
    {
        await using var host = await StartAsync(null);

        for (var i = 0; i < 200; i++)
        {
            host.Ledger.Add(Records.Chat with { SentModel = "made-up-" + i, AnsweredModel = null, Ending = UsageEnding.UpstreamError, Status = 404 });
        }

        host.Measured.All.Select(one => Label(one.Tags, "gen_ai.request.model")).Distinct().ShouldBe(["_OTHER"]);
        host.Ledger.Add(Records.Chat);
        Of(host)[^1].ShouldContain("gen_ai.request.model=gpt-4o,");
    }

    [Fact]
    public async Task Costs_are_counted_for_each_model()
    {
        await using var host = await StartAsync(null);

        host.Ledger.Add(Records.Chat with { AnsweredModel = "priced", Usage = new(1_000_000, 0) });
        host.Ledger.Add(Records.Chat);

        var cost = host.Measured.Of("usage.cost").ShouldHaveSingleItem();
        (cost.Value, cost.Unit, cost.Tags).ShouldBe((3, "{cost}", "gen_ai.response.model=priced, openai_gateway.currency=USD"));
    }

    private static Task<UsageHost> StartAsync(string? optIn) => UsageHost.StartAsync(
        services => services.AddOpenAiUsage(usage => usage.Prices["priced"] = new ModelPriceOptions { Input = 3 }),
        [KeyValuePair.Create(GenAiOptIn.Key, (string?)(optIn ?? ""))]);

    private static List<string> Of(UsageHost host) =>
    [
        .. host.Measured.All.Where(one => one.Instrument.StartsWith("gen_ai."))
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Instrument} {Math.Round(one.Value, 9)} {one.Tags}")),
    ];

    private static string Label(string tags, string name) =>
        tags.Split(", ").Single(tag => tag.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];
}
