using System.ClientModel.Primitives;

namespace OpenAi.Gateway.FunctionalTests.OpenAiSdk;

/// <summary>Turns the SDK's raw chat calls into legacy ones, for which it has no client of its own: everything but the path is its own doing.</summary>
public sealed class LegacyPathPolicy : PipelinePolicy
{
    public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        Rewrite(message);
        ProcessNext(message, pipeline, currentIndex);
    }

    public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        Rewrite(message);
        return ProcessNextAsync(message, pipeline, currentIndex);
    }

    private static void Rewrite(PipelineMessage message) =>
        message.Request.Uri = new Uri(message.Request.Uri!.AbsoluteUri.Replace("/chat/completions", "/completions", StringComparison.Ordinal));
}
