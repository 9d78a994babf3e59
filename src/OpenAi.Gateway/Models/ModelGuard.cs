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

    /// <summary>Refuses a request that names a model that is not allowed, elsewhere than in <c>model</c>.</summary>
    public GatewayError? CheckOthers(GatewayRequest request, IReadOnlyList<string> names)
    {
        foreach (var allowed in AllowedFor(request))
        {
            if (names.FirstOrDefault(name => !allowed.Contains(name)) is { } refused)
            {
                return GatewayErrors.ModelNotAllowed(refused);
            }
        }

        return null;
    }

    /// <summary>Writes into the path what the aliases in it stand for; refuses the request where that cannot be done.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">What its body asks for, if it can be read, and as it goes upstream.</param>
    /// <param name="pathModels">The models that its path names.</param>
    public GatewayError? RenameIn(GatewayRequest request, ModelRequest? model, string[] pathModels)
    {
        if (Array.Find(pathModels, name => Aliased(name) != name) is not { } alias)
        {
            return null;
        }

        if (PathModels.Rename(request.UpstreamPath, pathModels, Aliased) is not { } path)
        {
            return GatewayErrors.AliasElsewhere(alias);
        }

        request.UseUpstreamPath(path);

        // An alias in the body tells itself what was asked for, and a bridge asks for the body's model on a path of its own.
        var isBridged = request is { Operation: ModelOperation.Completions, Route.Settings.Bridge: not null };
        if (!isBridged && model?.Model == model?.AskedModel)
        {
            request.PathAlias = (alias, Aliased(alias));
        }

        for (var i = 0; i < pathModels.Length; i++)
        {
            pathModels[i] = Aliased(pathModels[i]);
        }

        return null;
    }

    /// <summary>Refuses the request, or writes into it what the policies say.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">What its body asks for.</param>
    /// <param name="pathModels">The models that its path names, all of them allowed: the body need not name one then.</param>
    public GatewayError? Apply(GatewayRequest request, ModelRequest model, string[] pathModels)
    {
        if ((model.Doubt ?? CheckOthers(request, model.OtherModels ?? []) ?? CheckName(request, model, pathModels)) is { } refusal)
        {
            return refusal;
        }

        var compiled = Array.ConvertAll(policies, policy => policy.Models);

        // A list goes upstream as it is: an alias in it would not be replaced, and may even be the name of another model there.
        if (model.OtherModels?.Find(name => Array.Exists(compiled, one => one.Aliases.TryGetValue(name, out var other) && other != name)) is { } alias)
        {
            return GatewayErrors.AliasElsewhere(alias);
        }

        if (model.Model is { } name && Aliased(name) is var changed && changed != model.AskedModel)
        {
            model.UseModel(changed);
        }

        return CheckMaximum(compiled, model);
    }

    // The aliases of app, group and route apply one after the other.
    private string Aliased(string name) =>
        policies.Aggregate(name, static (known, policy) => policy.Models.Aliases.TryGetValue(known, out var other) ? other : known);

    private IEnumerable<ModelNames> AllowedFor(GatewayRequest request) =>
        policies.Select(policy => policy.Models.Allowed).Append(request.Consumer?.AllowedNames).OfType<ModelNames>();

    private GatewayError? CheckName(GatewayRequest request, ModelRequest model, string[] pathModels)
    {
        foreach (var allowed in AllowedFor(request))
        {
            // Who names no model in the body must name one in the path, except in an operation that the gateway does not know.
            if (model.AskedModel is not { } asked)
            {
                return (pathModels.Length > 0 || model.Operation == ModelOperation.Other) && model.ModelMember is null ? null : GatewayErrors.MissingField("model");
            }

            if (!allowed.Contains(asked))
            {
                if (pathModels is not [var deployment])
                {
                    return GatewayErrors.ModelNotAllowed(asked);
                }

                // Azure reads the path alone, and its clients write any name into the body. Other servers read the body: it gets the allowed name, too.
                model.Model = deployment;
                return null;
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

        var most = compiled.Min(policy => policy.MaxOutputTokens);
        if (model.DeclaredMaxField is { } field && model.MaxOutputTokens > most)
        {
            return GatewayErrors.InvalidField(field, $"at most {most}");
        }

        if ((most ?? spends.Min(spend => spend.Limit.Estimate.Cap)) is { } cap)
        {
            // The maximum that legacy completions have by themselves is written down, too: many servers other than OpenAI's have none.
            model.UseMaxOutputTokens(model.DeclaredMaxField is null ? Math.Min(cap, model.MaxOutputTokens ?? cap) : model.MaxOutputTokens!.Value);
        }

        return null;
    }
}
