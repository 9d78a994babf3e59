using System.ComponentModel.DataAnnotations;

namespace OpenAi.Gateway;

/// <summary>Who may call, with user name and password (RFC 7617).</summary>
public sealed class BasicAuthConsumersOptions
{
    /// <summary>The consumers. When there are none, a <see cref="ConsumerStore"/> registered as a service is asked.</summary>
    public IList<BasicAuthConsumerOptions> Consumers { get; } = [];

    /// <summary>The realm that the challenge names.</summary>
    /// <value>The default is <c>basic</c>.</value>
    [Required(ErrorMessage = "Realm is empty. Give the name that a browser's dialog shall show.")]
    [RegularExpression(@"[ !#-\[\]-~]{1,128}", ErrorMessage = "Realm must be 1 to 128 printable ASCII characters without quotes and backslashes.")]
    public string Realm { get; set; } = "basic";

    /// <summary>How long a verified header is remembered, so that a slow hash is not computed on every call.</summary>
    /// <value>The default is 1 minute. A password changed in a <see cref="ConsumerStore"/> takes effect after at most this time.</value>
    public TimeSpan RememberFor { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Adds a consumer with a password in clear.</summary>
    /// <param name="name">The consumer's name.</param>
    /// <param name="username">The user name it sends.</param>
    /// <param name="password">Its password; only a hash of it is kept.</param>
    /// <returns>These options.</returns>
    public BasicAuthConsumersOptions Add(string name, string username, string password)
    {
        Consumers.Add(new BasicAuthConsumerOptions { Name = name, Username = username, Password = password });
        return this;
    }

    /// <summary>Adds a consumer with a hashed password.</summary>
    /// <param name="name">The consumer's name.</param>
    /// <param name="username">The user name it sends.</param>
    /// <param name="passwordHash">A hash made by <see cref="Consumer.HashPassword"/> or by ASP.NET Core Identity.</param>
    /// <returns>These options.</returns>
    public BasicAuthConsumersOptions AddHashed(string name, string username, string passwordHash)
    {
        Consumers.Add(new BasicAuthConsumerOptions { Name = name, Username = username, PasswordHash = passwordHash });
        return this;
    }
}
