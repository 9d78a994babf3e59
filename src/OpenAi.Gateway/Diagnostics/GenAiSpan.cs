using System.Diagnostics;

namespace OpenAi.Gateway;

/// <summary>
/// What OpenTelemetry's conventions for generative AI want a span to say of a call to a model. Content is never among it: neither prompts nor
/// answers.
/// </summary>
internal static class GenAiSpan
{
    public static void Describe(Activity activity, GatewayRequest request)
    {
        if (request.Operation == ModelOperation.Other || request.Usage is not { } usage)
        {
            return;
        }

        var operation = GenAiTags.OperationName(request.Operation);
        var model = Clean(usage.SentModel ?? request.Model?.Model);
        activity.DisplayName = model is null ? operation : $"{operation} {model}";
        activity.SetTag("gen_ai.operation.name", operation);
        activity.SetTag("gen_ai.provider.name", GenAiTags.ProviderOf(request.Node?.Address));
        activity.SetTag("gen_ai.request.model", model);
        activity.SetTag("gen_ai.request.stream", request.Model?.IsStream);
        activity.SetTag("gen_ai.request.max_tokens", request.Model?.MaxOutputTokens);
        activity.SetTag("gen_ai.request.choice.count", request.Model is { Choices: > 1 } asked ? asked.Choices : null);
        activity.SetTag("openai.api.type", request.Operation switch
        {
            ModelOperation.ChatCompletions => "chat_completions",
            ModelOperation.Responses or ModelOperation.Compaction => "responses",
            _ => null,
        });
        if (usage.HasAnswer)
        {
            DescribeAnswer(activity, usage);
        }
    }

    private static void DescribeAnswer(Activity activity, RequestUsage usage)
    {
        activity.SetTag("gen_ai.response.model", Clean(usage.AnsweredModel));
        activity.SetTag("gen_ai.response.id", Clean(usage.ResponseId));
        activity.SetTag("gen_ai.response.finish_reasons", usage.FinishReasons is { Count: > 0 } reasons ? reasons.Select(ModelName.Clean).ToArray() : null);
        activity.SetTag("gen_ai.usage.input_tokens", usage.Tokens.Input);
        activity.SetTag("gen_ai.usage.output_tokens", usage.Tokens.Output);
        activity.SetTag("gen_ai.usage.cache_read.input_tokens", NotZero(usage.Tokens.CachedInput));
        activity.SetTag("gen_ai.usage.cache_write.input_tokens", NotZero(usage.Tokens.CacheWriteInput));
        activity.SetTag("gen_ai.usage.reasoning.output_tokens", NotZero(usage.Tokens.Reasoning));
        activity.SetTag("openai.response.service_tier", Clean(usage.ServiceTier));
        activity.SetTag("openai_gateway.usage.estimated", usage.IsEstimated ? true : null);
    }

    private static long? NotZero(long tokens) => tokens == 0 ? null : tokens;

    private static string? Clean(string? name) => name is null ? null : ModelName.Clean(name);
}
