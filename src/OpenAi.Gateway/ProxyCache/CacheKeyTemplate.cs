using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Makes the key under which an answer is stored: a hash, so that neither prompts nor names show in a store.</summary>
internal sealed class CacheKeyTemplate
{
    public const string Body = "$request_body";

    private const string Method = "$request_method";
    private const string Consumer = "$consumer_name";

    // Two routes may ask the upstream for one path with other headers: a request's own host and path keep them apart.
    private static readonly string[] DefaultParts =
    [
        Method, "$host", "$uri", "$upstream_uri", Body, Consumer, "$http_openai_organization", "$http_openai_project", "$http_openai_beta",
    ];

    // Null stands for the body's hash.
    private readonly Func<HttpContext, string?>?[] _parts;

    public CacheKeyTemplate(IList<string>? parts)
    {
        var texts = parts ?? DefaultParts;
        IncludesBody = texts.Contains(Body);
        IncludesConsumer = texts.Any(part => part.Contains(Consumer, StringComparison.Ordinal) || part.Contains("${consumer_name}", StringComparison.Ordinal));
        _parts = [.. texts.Select(part => part switch
        {
            Body => null,
            Method => static context => GatewayRequest.Of(context).PurgedMethod ?? context.Request.Method,
            Consumer => CacheCaller.Of,
            _ => (Func<HttpContext, string?>)VariableTemplate.Parse(part).Format,
        })];
    }

    /// <summary>Whether another prompt gets another key.</summary>
    public bool IncludesBody { get; }

    /// <summary>Whether another consumer gets another key.</summary>
    public bool IncludesConsumer { get; }

    public string KeyOf(HttpContext context, ReadOnlySpan<byte> body)
    {
        var material = new ArrayBufferWriter<byte>(256);
        Append(material, GatewayRequest.Of(context).Route?.Upstream);
        foreach (var part in _parts)
        {
            if (part is null)
            {
                AppendHash(material, GatewayRequest.Of(context).Model, body);
            }
            else
            {
                Append(material, part(context));
            }
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(material.WrittenSpan, hash);
        return "oag:1:" + Convert.ToHexStringLower(hash);
    }

    // Of a question to a model it is the body to send, so that an alias and its model, and both forms of an answer, have one key.
    private static void AppendHash(ArrayBufferWriter<byte> material, ModelRequest? model, ReadOnlySpan<byte> body)
    {
        if (model is not null)
        {
            var sent = new ArrayBufferWriter<byte>(body.Length + 256);
            model.WriteKeyTo(sent);
            body = sent.WrittenSpan;
        }

        SHA256.HashData(body, material.GetSpan(SHA256.HashSizeInBytes));
        material.Advance(SHA256.HashSizeInBytes);
    }

    // Each text goes behind its length, so that no part can pretend to be two.
    private static void Append(ArrayBufferWriter<byte> material, string? text)
    {
        text ??= "";
        BitConverter.TryWriteBytes(material.GetSpan(sizeof(int)), text.Length);
        material.Advance(sizeof(int));
        material.Write(MemoryMarshal.AsBytes(text.AsSpan()));
    }
}
