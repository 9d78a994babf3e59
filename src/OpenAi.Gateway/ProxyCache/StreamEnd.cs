namespace OpenAi.Gateway;

/// <summary>How a shared stream ended.</summary>
internal enum StreamEnd
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>As its upstream ended it.</summary>
    Clean,

    /// <summary>It was broken off.</summary>
    Broken,

    /// <summary>It was broken off, and its last event says so.</summary>
    Told,
}
