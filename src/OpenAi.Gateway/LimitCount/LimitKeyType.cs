namespace OpenAi.Gateway;

/// <summary>How <see cref="LimitCountOptions.Key"/> is read, in APISIX's words.</summary>
public enum LimitKeyType
{
    /// <summary>The name of one variable, such as <c>remote_addr</c>.</summary>
    Var,

    /// <summary>A text with variables in it, such as <c>$remote_addr $consumer_name</c>.</summary>
    VarCombination,

    /// <summary>The text itself: all requests share one counter.</summary>
    Constant,
}
