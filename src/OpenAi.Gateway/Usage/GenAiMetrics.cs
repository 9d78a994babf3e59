using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OpenAi.Gateway;

/// <summary>
/// The calls of models in the words of OpenTelemetry's conventions for generative AI, which are still in development. The old vocabulary is that
/// of version 1.41.0. Neither knows of estimates: what the upstream did not count itself is not in the token metrics.
/// </summary>
internal sealed class GenAiMetrics
{
    private const string Modality = "gen_ai.token.modality";
    private const string TokenType = "gen_ai.token.type";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    };

    private static readonly InstrumentAdvice<long> Tokens = new()
    {
        HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
    };

    private readonly ListenerGuard _guard;
    private readonly GenAiTags _tags;
    private readonly List<Instrument> _all = [];
    private readonly bool _isOld;

    // Those of the old vocabulary. The latest one has no other duration either for what is no inference.
    private readonly Histogram<double> _operationDuration;
    private readonly Histogram<double>? _operationFirstChunk;
    private readonly Histogram<double>? _operationPerChunk;
    private readonly Histogram<long>? _tokenUsage;

    private readonly Histogram<double>? _duration;
    private readonly Histogram<double>? _firstChunk;
    private readonly Histogram<double>? _perChunk;
    private readonly Counter<long>? _input;
    private readonly Counter<long>? _output;
    private readonly Counter<long>? _cacheRead;
    private readonly Counter<long>? _cacheWrite;
    private readonly Counter<long>? _reasoning;
    private readonly Histogram<long>? _operationInput;
    private readonly Histogram<long>? _operationOutput;

    public GenAiMetrics(IMeterFactory meters, ListenerGuard guard, GenAiVocabulary vocabulary, GenAiTags tags)
    {
        _guard = guard;
        _tags = tags;
        var meter = meters.Create(GatewayMetrics.MeterName);
        _isOld = vocabulary.HasFlag(GenAiVocabulary.Old);
        _operationDuration = Time("gen_ai.client.operation.duration", "Time of one call, from the gateway's first stage to the end.");
        if (_isOld)
        {
            _operationFirstChunk = Time("gen_ai.client.operation.time_to_first_chunk", "Time to the first text of a stream.");
            _operationPerChunk = Time("gen_ai.client.operation.time_per_output_chunk", "Time for each further token of a stream, on average over a call.");
            _tokenUsage = Sizes("gen_ai.client.token.usage", "Tokens of one call.");
        }

        if (vocabulary.HasFlag(GenAiVocabulary.Latest))
        {
            _duration = Time("gen_ai.client.inference.duration", "Time of one call, from the gateway's first stage to the end.");
            _firstChunk = Time("gen_ai.client.inference.time_to_first_chunk", "Time to the first text of a stream.");
            _perChunk = Time("gen_ai.client.inference.time_per_output_chunk", "Time for each further token of a stream, on average over a call.");
            _input = Count("gen_ai.client.inference.usage.input_tokens", "Input tokens, cached ones included.");
            _output = Count("gen_ai.client.inference.usage.output_tokens", "Output tokens, those of reasoning included.");
            _cacheRead = Count("gen_ai.client.inference.usage.cache_read.input_tokens", "Input tokens read from the provider's cache.");
            _cacheWrite = Count("gen_ai.client.inference.usage.cache_write.input_tokens", "Input tokens written to the provider's cache.");
            _reasoning = Count("gen_ai.client.inference.usage.reasoning.output_tokens", "Output tokens of hidden reasoning.");
            _operationInput = Sizes("gen_ai.client.inference.operation.input_tokens", "Input tokens of one call.");
            _operationOutput = Sizes("gen_ai.client.inference.operation.output_tokens", "Output tokens of one call.");
        }

        Histogram<double> Time(string name, string description) => Keep(meter.CreateHistogram(name, "s", description, null, Seconds));
        Histogram<long> Sizes(string name, string description) => Keep(meter.CreateHistogram(name, "{token}", description, null, Tokens));
        Counter<long> Count(string name, string description) => Keep(meter.CreateCounter<long>(name, "{token}", description));
    }

    public bool IsEnabled
    {
        get
        {
            foreach (var instrument in _all)
            {
                if (instrument.Enabled)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public void Record(UsageRecord record)
    {
        // What the gateway answered by itself was no call of a model.
        if (!IsEnabled || record.Operation == ModelOperation.Other
            || record.Ending is UsageEnding.Rejected or UsageEnding.CacheHit or UsageEnding.Follower)
        {
            return;
        }

        var tags = _tags.Of(record);
        RecordTimes(record, tags);
        if (_tokenUsage is not null)
        {
            RecordOldTokens(record, tags);
        }

        if (_input is not null)
        {
            RecordTokens(record, tags);
        }
    }

    private void RecordTimes(UsageRecord record, in TagList tags)
    {
        var withError = tags;
        if (GenAiTags.ErrorType(record) is { } error)
        {
            withError.Add("error.type", error);
        }

        var isInference = record.Operation != ModelOperation.Embeddings;
        if (_isOld || !isInference)
        {
            _guard.Record(_operationDuration, record.Duration.TotalSeconds, withError);
        }

        if (isInference)
        {
            _guard.Record(_duration, record.Duration.TotalSeconds, withError);
        }

        if (!record.IsStreamed || record.TimeToFirstToken is not { } first)
        {
            return;
        }

        _guard.Record(_operationFirstChunk, first.TotalSeconds, tags);
        _guard.Record(_firstChunk, first.TotalSeconds, tags);

        // Hidden reasoning lies before the first text.
        var further = record.Usage.Output - record.Usage.Reasoning - 1;
        if (record.Ending == UsageEnding.Ok && !record.IsEstimated && further > 0)
        {
            var each = (record.Duration - first).TotalSeconds / further;
            _guard.Record(_operationPerChunk, each, tags);
            _guard.Record(_perChunk, each, tags);
        }
    }

    private void RecordOldTokens(UsageRecord record, in TagList tags)
    {
        if (!IsReported(record))
        {
            return;
        }

        var input = tags;
        input.Add(TokenType, "input");
        _guard.Record(_tokenUsage, record.Usage.Input, input);
        if (record.Operation != ModelOperation.Embeddings)
        {
            var output = tags;
            output.Add(TokenType, "output");
            _guard.Record(_tokenUsage, record.Usage.Output, output);
        }
    }

    private void RecordTokens(UsageRecord record, in TagList tags)
    {
        var isReported = IsReported(record);
        var usage = isReported ? record.Usage : default;
        var hasOutput = record.Operation != ModelOperation.Embeddings;
        var counted = tags;
        counted.Add(Modality, isReported && record.Operation is ModelOperation.Completions or ModelOperation.Embeddings ? "text" : "unknown");

        // A call without usage counts as zero, as the conventions want it.
        _guard.Add(_input!, usage.Input, counted);
        if (hasOutput)
        {
            _guard.Add(_output!, usage.Output, counted);
        }

        if (!isReported)
        {
            return;
        }

        _guard.Add(_cacheRead!, usage.CachedInput, counted);
        _guard.Add(_cacheWrite!, usage.CacheWriteInput, counted);
        _guard.Record(_operationInput, usage.Input, tags);
        if (hasOutput)
        {
            _guard.Add(_reasoning!, usage.Reasoning, counted);
            _guard.Record(_operationOutput, usage.Output, tags);
        }
    }

    private static bool IsReported(UsageRecord record) => !record.IsEstimated && record.Usage.Total > 0;

    private T Keep<T>(T instrument)
        where T : Instrument
    {
        _all.Add(instrument);
        return instrument;
    }
}
