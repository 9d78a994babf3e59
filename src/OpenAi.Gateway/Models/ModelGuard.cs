namespace OpenAi.Gateway;

/// <summary>
/// Holds requests to the models that may be asked for and to the tokens that an answer may have. Where it acts, a body that the gateway and an
/// upstream might read differently is refused.
/// </summary>
internal sealed class ModelGuard(ModelsPolicy[] policies, SpendPolicy[] spends)
{
    private const int UsualDepth = 64;

    public int MaxJsonDepth => policies.Length == 0 ? UsualDepth : policies.Min(policy => policy.Models.MaxJsonDepth);

    /// <summary>Whether something is decided by the request's body, so that it must be understood.</summary>
    public bool Covers(GatewayRequest request) =>
        policies.Length > 0 || request.Consumer?.AllowedNames is not null || (spends.Length > 0 && request.Operation != ModelOperation.Other);

    /// <summary>Refuses the request, or writes into it what the policies say.</summary>
    public GatewayError? Apply(GatewayRequest request, ModelRequest model)
    {
        if (model.Doubt is { } doubt)
        {
            return doubt;
        }

        var compiled = Array.ConvertAll(policies, policy => policy.Models);
        if (CheckName(request.Consumer, compiled, model) is { } notAllowed)
        {
            return notAllowed;
        }

        foreach (var one in compiled)
        {
            if (model.Model is { } name && one.Aliases.TryGetValue(name, out var upstreamName) && upstreamName != name)
            {
                model.Model = upstreamName;
            }
        }

        if (model.Model is { } changed && changed != model.AskedModel)
        {
            model.UseModel(changed);
        }

        return CheckMaximum(compiled, model);
    }

    private static GatewayError? CheckName(Consumer? consumer, ModelsPolicy.Compiled[] policies, ModelRequest model)
    {
        foreach (var allowed in policies.Select(policy => policy.Allowed).Append(consumer?.AllowedNames))
        {
            if (allowed is null)
            {
                continue;
            }

            // Only an operation that the gateway does not know may do without a model.
            if (model.AskedModel is not { } asked)
            {
                return model.Operation == ModelOperation.Other && model.ModelMember is null ? null : GatewayErrors.MissingField("model");
            }

            if (!allowed.Contains(asked))
            {
                return GatewayErrors.ModelNotAllowed(asked);
            }
        }

        return null;
    }

    private GatewayError? CheckMaximum(ModelsPolicy.Compiled[] compiled, ModelRequest model)
    {
        if (model.Operation.MaxTokensField() is null)
        {
            return null;
        }

        if (compiled.Min(policy => policy.MaxOutputTokens) is { } most)
        {
            if (model.DeclaredMaxField is { } field && model.MaxOutputTokens > most)
            {
                return GatewayErrors.InvalidField(field, $"at most {most}");
            }

            if (model.MaxOutputTokens is not { } known || known > most)
            {
                model.UseMaxOutputTokens(most);
            }
        }

        if (model.MaxOutputTokens is null && spends.Min(spend => spend.Limit.Estimate.Cap) is { } cap)
        {
            model.UseMaxOutputTokens(cap);
        }

        return null;
    }
}
