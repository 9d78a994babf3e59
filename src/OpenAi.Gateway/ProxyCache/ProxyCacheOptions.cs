using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Which answers are stored, under which key and for how long.</summary>
public sealed class ProxyCacheOptions
{
    /// <summary>
    /// The parts of the key: variables such as <c>$uri</c>, or literals. <c>$request_body</c> is a part of its own. The key is the SHA-256 of them all.
    /// The upstream's name is always a part. A key without <c>$request_body</c> answers every prompt with the first one's answer, and one without
    /// <c>$consumer_name</c> shares answers between consumers. With it, a user whom the app authenticated without any name bypasses the cache.
    /// </summary>
    /// <value>
    /// The default is <see langword="null"/>: <c>$request_method</c>, <c>$host</c>, <c>$uri</c>, <c>$upstream_uri</c>, <c>$request_body</c>,
    /// <c>$consumer_name</c> and the request headers that change an answer (<c>OpenAI-Organization</c>, <c>OpenAI-Project</c>, <c>OpenAI-Beta</c>).
    /// </value>
    public IList<string>? Key { get; set; }

    /// <summary>The methods whose answers are stored.</summary>
    /// <value>The default is <c>GET</c> and <c>POST</c>.</value>
    public IList<string> Methods { get; set; } = [HttpMethods.Get, HttpMethods.Post];

    /// <summary>The statuses of answers that are stored.</summary>
    /// <value>The default is 200.</value>
    public IList<int> HttpStatus { get; set; } = [StatusCodes.Status200OK];

    /// <summary>How long a stored answer is fresh.</summary>
    /// <value>The default is 5 minutes.</value>
    public TimeSpan Ttl { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How much longer an answer is kept, to be sent when the upstream fails (RFC 5861, 4). The gateway's own refusals are told, and a client's
    /// <c>Cache-Control</c> that is obeyed may refuse such an answer.
    /// </summary>
    /// <value>The default is zero: a failure is told to the client.</value>
    public TimeSpan StaleIfError { get; set; }

    /// <summary>The header that says what the cache did: HIT, MISS, EXPIRED, STALE or BYPASS.</summary>
    /// <value>The default is <c>X-Cache-Status</c>.</value>
    [Required(ErrorMessage = "StatusHeader is empty. Name a header, for example \"X-Cache-Status\".")]
    public string StatusHeader { get; set; } = "X-Cache-Status";

    /// <summary>Whether <c>Cache-Control</c>, <c>Expires</c> and <c>Age</c> are kept from the client.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool HideCacheHeaders { get; set; }

    /// <summary>Texts with variables, such as <c>$arg_nocache</c>. If one of them is neither empty nor "0", the upstream answers.</summary>
    public IList<string> Bypass { get; set; } = [];

    /// <summary>Texts with variables. If one of them is neither empty nor "0", the answer is not stored.</summary>
    public IList<string> NoStore { get; set; } = [];

    /// <summary>
    /// Whether <c>Cache-Control</c> of client and upstream is obeyed (RFC 9111). OpenAI forbids caching with every answer, so that nothing
    /// would be stored. An answer with <c>must-revalidate</c>, <c>proxy-revalidate</c> or <c>s-maxage</c> is never sent past its time;
    /// the <c>Age</c> that it came with counts.
    /// </summary>
    /// <value>The default is <see langword="false"/>: <see cref="Ttl"/> decides.</value>
    public bool RespectCacheControl { get; set; }

    /// <summary>
    /// Whether <c>Cache-Control</c> of the client is obeyed (RFC 9111, 5.2.1), whatever the upstream says in its own: <c>no-cache</c> asks the upstream and
    /// stores the new answer, <c>no-store</c> asks it and stores nothing, <c>max-age</c> and <c>min-fresh</c> refuse an older entry,
    /// <c>only-if-cached</c> never asks it. Who may send it can make the upstream work. <see cref="RespectCacheControl"/> implies it.
    /// </summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool ClientCacheControl { get; set; }

    /// <summary>The largest answer that is stored, in bytes.</summary>
    /// <value>The default is 1 MiB, less what the entry itself takes.</value>
    [Between(1, 1 << 30, ErrorMessage = "MaxBodySize must be between 1 and 1073741824 bytes.")]
    public int MaxBodySize { get; set; } = (1 << 20) - 16_384;

    /// <summary>How long a request waits for an identical one in flight before it asks the upstream itself.</summary>
    /// <value>The default is 60 seconds.</value>
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(60);

    internal bool ObeysClient => ClientCacheControl || RespectCacheControl;

    internal Func<HttpContext, bool>? BypassCondition { get; private set; }

    internal Func<HttpContext, bool>? NoStoreCondition { get; private set; }

    /// <summary>Leaves the cache out for the requests of a condition.</summary>
    /// <param name="condition">True to let the upstream answer.</param>
    /// <returns>These options.</returns>
    public ProxyCacheOptions BypassWhen(Func<HttpContext, bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        BypassCondition = condition;
        return this;
    }

    /// <summary>Does not store the answers to the requests of a condition.</summary>
    /// <param name="condition">True not to store; asked when the answer begins.</param>
    /// <returns>These options.</returns>
    public ProxyCacheOptions NoStoreWhen(Func<HttpContext, bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        NoStoreCondition = condition;
        return this;
    }
}
