namespace OpenAi.Gateway;

/// <summary>What one of several upstream calls of a request took. Each may have been answered by another model, at another price.</summary>
internal readonly record struct CallUsage(TokenUsage Tokens, string? AnsweredModel, string? SentModel, string? ServiceTier);
