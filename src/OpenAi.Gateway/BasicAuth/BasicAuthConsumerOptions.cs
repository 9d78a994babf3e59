namespace OpenAi.Gateway;

/// <summary>One consumer, as written in code or configuration.</summary>
public sealed class BasicAuthConsumerOptions
{
    /// <summary>The consumer's name: what limits and the cache know it by. Required.</summary>
    public string Name { get; set; } = "";

    /// <summary>The user name it sends; without a colon (RFC 7617, 2). Required.</summary>
    public string Username { get; set; } = "";

    /// <summary>The password in clear; hashed at start-up. Either this or <see cref="PasswordHash"/>.</summary>
    public string? Password { get; set; }

    /// <summary>A hash made by <see cref="Consumer.HashPassword"/> or by ASP.NET Core Identity.</summary>
    public string? PasswordHash { get; set; }

    /// <summary>The models that the consumer may ask for, whole names or beginnings with <c>*</c> at the end, beside those of the policies.</summary>
    /// <value>The default is <see langword="null"/>: all.</value>
    public IList<string>? AllowedModels { get; set; }
}
