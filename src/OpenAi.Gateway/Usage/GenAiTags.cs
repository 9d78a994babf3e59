using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>The attributes that OpenTelemetry's conventions for generative AI want with every measurement.</summary>
internal sealed class GenAiTags(ModelLabels models)
{
    private const int MaxServers = 1000;
    private const string Azure = ".openai.azure.com";

    private static readonly Server NoServer = new("openai", null, null);
    private static readonly string[] Statuses = [.. Enumerable.Range(0, 600).Select(status => status.ToString(CultureInfo.InvariantCulture))];

    private readonly ConcurrentDictionary<string, Server> _servers = new(StringComparer.Ordinal);

    public TagList Of(UsageRecord record)
    {
        var server = ServerOf(record.Node);
        var tags = new TagList
        {
            { "gen_ai.operation.name", OperationName(record.Operation) },
            { "gen_ai.provider.name", server.Provider },
        };
        if (models.Of(record.SentModel ?? record.AskedModel, record) is { } asked)
        {
            tags.Add("gen_ai.request.model", asked);
        }

        if (models.Of(record.AnsweredModel, record) is { } answered)
        {
            tags.Add("gen_ai.response.model", answered);
        }

        if (server.Address is not null)
        {
            tags.Add("server.address", server.Address);
            tags.Add("server.port", server.Port);
        }

        return tags;
    }

    /// <summary>Why a call failed; <see langword="null"/> when it did not.</summary>
    public static string? ErrorType(UsageRecord record) => record.Ending switch
    {
        UsageEnding.UpstreamError => record.Status < StatusCodes.Status400BadRequest ? "upstream_error"
            : record.Status < Statuses.Length ? Statuses[record.Status]
            : ModelLabels.Other,
        UsageEnding.UpstreamCut => "upstream_cut",
        UsageEnding.Timeout => "timeout",
        UsageEnding.ClientLeftBeforeFirstToken => "client_left_before_first_token",
        UsageEnding.ClientLeftAfterFirstToken => "client_left_after_first_token",
        UsageEnding.Shutdown => "shutdown",
        _ => null,
    };

    public static string ProviderOf(Uri? node) =>
        node?.Host.EndsWith(Azure, StringComparison.OrdinalIgnoreCase) == true ? "azure.ai.openai" : "openai";

    public static string OperationName(ModelOperation operation) => operation switch
    {
        ModelOperation.Completions => "text_completion",
        ModelOperation.Embeddings => "embeddings",
        _ => "chat",
    };

    // Nodes come from configuration, so there are few, unless it changes very often.
    private Server ServerOf(string? node)
    {
        if (node is null)
        {
            return NoServer;
        }

        if (_servers.TryGetValue(node, out var known))
        {
            return known;
        }

        if (_servers.Count >= MaxServers)
        {
            _servers.Clear();
        }

        return _servers[node] = Uri.TryCreate(node, UriKind.Absolute, out var address)
            ? new(ProviderOf(address), address.Host, address.Port)
            : NoServer;
    }

    // The port is boxed once, not with every measurement.
    private sealed record Server(string Provider, string? Address, object? Port);
}
