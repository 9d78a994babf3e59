namespace OpenAi.Gateway;

/// <summary>
/// What upstreams are asked: the same for every attempt, except that a fallback may get the body in another form. Serves one call, whose
/// attempts come one after another; disposing it gives back the bodies that it wrote itself.
/// </summary>
/// <param name="path">Path and query, below the node's base path.</param>
/// <param name="body">The body to send; its owner gives it back.</param>
/// <param name="cancelled">Cancelled when nobody wants the answer any more.</param>
internal sealed class UpstreamCall(string path, RequestBody body, CancellationToken cancelled) : IDisposable
{
    private List<(BodyForm Form, RequestBody Body)>? _others;

    public string Path => path;

    public CancellationToken Cancelled => cancelled;

    /// <summary>The body for the route's upstream.</summary>
    public RequestBody Body => body;

    /// <summary>The form of <see cref="Body"/>.</summary>
    public BodyForm Form { get; init; }

    /// <summary>Writes the body in another form, into memory of its own; without it every upstream gets <see cref="Body"/>.</summary>
    public Func<BodyForm, RequestBody>? Write { get; init; }

    /// <summary>The form that a fallback gets.</summary>
    public BodyForm FormFor(Upstream upstream, OpenAiFallbackOptions? fallback) => fallback is null
        ? Form
        : new(
            Form.Model is { } model && fallback.Models.TryGetValue(model, out var other) ? other : Form.Model,
            Form.AsksForUsage && upstream.Options.AsksForUsage,
            Form.ChatMaxTokensField is null ? null : upstream.Options.ChatMaxTokensField);

    /// <summary>The body in a form: one copy, however often it is sent.</summary>
    public RequestBody BodyIn(BodyForm form)
    {
        if (form == Form || Write is null)
        {
            return body;
        }

        foreach (var other in _others ??= [])
        {
            if (other.Form == form)
            {
                return other.Body;
            }
        }

        var written = Write(form);
        _others.Add((form, written));
        return written;
    }

    public void Dispose()
    {
        _others?.ForEach(other => other.Body.Dispose());
        _others = null;
    }
}
