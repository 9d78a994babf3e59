namespace OpenAi.Gateway;

/// <summary>
/// One of an upstream's keys, or the one without a credential when there is none. It cools down on all nodes at once when its quota is spent or it was
/// refused.
/// </summary>
internal sealed class UpstreamKey(string? credential, int number, TimeProvider time)
{
    /// <summary>The value of the key's header; <see langword="null"/> when none is sent. Never to be shown.</summary>
    public string? Credential => credential;

    /// <summary>Its place among the upstream's keys, from 1: what a log may call it.</summary>
    public int Number => number;

    public Cooldown Cooldown { get; } = new(time);
}
