namespace OpenAi.Gateway;

/// <summary>What may follow an attempt.</summary>
/// <param name="IsRetriedHere">Whether the same upstream may be asked again.</param>
/// <param name="IsMovedOn">Whether the next upstream may be asked.</param>
/// <param name="Asked">The pause that the upstream asks for.</param>
internal readonly record struct Verdict(bool IsRetriedHere, bool IsMovedOn, TimeSpan? Asked = null)
{
    /// <summary>The attempt's answer goes to the client.</summary>
    public static Verdict Final => default;

    public bool IsFinal => !IsRetriedHere && !IsMovedOn;
}
