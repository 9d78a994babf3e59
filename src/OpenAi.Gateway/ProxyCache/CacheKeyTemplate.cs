namespace OpenAi.Gateway;

/// <summary>The parts of a cache's keys, parsed once.</summary>
internal sealed class CacheKeyTemplate
{
    public const string Body = "$request_body";

    private const string Consumer = "$consumer_name";

    // With the request's own host and path, as two routes may ask the upstream for the same path, but with different headers.
    private static readonly string[] DefaultParts =
    [
        "$request_method", "$host", "$uri", "$upstream_uri", Body, Consumer, "$http_openai_organization", "$http_openai_project", "$http_openai_beta",
    ];

    private readonly Part[] _parts;

    public CacheKeyTemplate(IList<string>? parts)
    {
        var texts = parts ?? DefaultParts;
        IncludesBody = texts.Contains(Body);
        IncludesConsumer = texts.Any(part => part.Contains(Consumer, StringComparison.Ordinal) || part.Contains("${consumer_name}", StringComparison.Ordinal));
        _parts = [.. texts.Select(part => part switch
        {
            Body => new Part(PartKind.Body, null),
            Consumer => new Part(PartKind.Consumer, CacheCaller.Of),
            _ => new Part(PartKind.Text, VariableTemplate.Parse(part, Find).Format),
        })];
    }

    private enum PartKind
    {
        Text,
        Body,
        Consumer,
    }

    /// <summary>Whether another prompt gets another key.</summary>
    public bool IncludesBody { get; }

    /// <summary>Whether another consumer gets another key.</summary>
    public bool IncludesConsumer { get; }

    public CacheKey KeyOf(GatewayRequest request, ReadOnlySpan<byte> body)
    {
        using var material = new KeyMaterial(IncludesBody ? body.Length : 0);
        material.Add(request.Route?.Upstream);
        foreach (var (kind, text) in _parts)
        {
            switch (kind)
            {
                case PartKind.Body:
                    if (request.AskedModel != request.Model?.Model)
                    {
                        // An answer to an alias has a header that names the real model; one to that model's own name does not.
                        material.Add(request.AskedModel);
                    }

                    material.Add(request.Model, body);
                    if (request is { Operation: ModelOperation.Completions, Model.Model: { } model, Route.Settings.Bridge: { } bridge })
                    {
                        // The bridge writes the body that goes upstream, and its settings may change.
                        material.Add(bridge.Options.Path);
                        material.Add(bridge.TargetOf(model).KeyPart);
                    }

                    break;
                case PartKind.Consumer when request.Consumer is { } consumer:
                    material.Add(CacheCaller.ConsumerPrefix, consumer.Name);
                    break;
                default:
                    material.Add(text!(request));
                    break;
            }
        }

        return material.ToKey();
    }

    // In a key, three variables say more than elsewhere: $consumer_name all that tells one user from another, $request_method the method that an
    // entry to purge was stored under, and $host the port, too, as two routes with one path may differ in it alone.
    private static Func<GatewayRequest, string?>? Find(string word) => word switch
    {
        "consumer_name" => CacheCaller.Of,
        "request_method" => static request => request.PurgedMethod ?? request.Context.Request.Method,
        "host" => static request => request.Context.Request.Host.Value?.ToLowerInvariant(),
        _ => RequestVariables.Find(word),
    };

    private readonly record struct Part(PartKind Kind, Func<GatewayRequest, string?>? Text);
}
