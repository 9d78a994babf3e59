using System.Security.Claims;

namespace OpenAi.Gateway;

/// <summary>Somebody who may call the gateway.</summary>
public sealed class Consumer
{
    /// <summary>The type of the claim that holds <see cref="Name"/>.</summary>
    public const string NameClaimType = "consumer_name";

    /// <summary>Makes a consumer with a hashed password.</summary>
    /// <param name="name">What limits and the cache know it by.</param>
    /// <param name="username">The user name it sends.</param>
    /// <param name="passwordHash">A hash made by <see cref="HashPassword"/> or by ASP.NET Core Identity.</param>
    /// <exception cref="ArgumentException">A value is empty, or the hash is not one.</exception>
    public Consumer(string name, string username, string passwordHash)
        : this(name, username, ConsumerPassword.FromHash(passwordHash))
    {
    }

    internal Consumer(string name, string username, ConsumerPassword password)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentException.ThrowIfNullOrEmpty(username);
        Name = name;
        Username = username;
        Password = password;
    }

    /// <summary>What limits and the cache know the consumer by.</summary>
    public string Name { get; }

    /// <summary>The user name it sends.</summary>
    public string Username { get; }

    /// <summary>The models that the consumer may ask for, whole names or beginnings with <c>*</c> at the end.</summary>
    /// <value>The default is <see langword="null"/>: all that the policies allow.</value>
    public IReadOnlyList<string>? AllowedModels
    {
        get;
        init
        {
            field = value;
            AllowedNames = value is null ? null : new ModelNames(value);
        }
    }

    internal ModelNames? AllowedNames { get; private init; }

    internal ConsumerPassword Password { get; }

    /// <summary>Hashes a password with ASP.NET Core Identity's hasher (PBKDF2), to keep in configuration or a database.</summary>
    /// <param name="password">The password in clear.</param>
    /// <returns>The hash, in Base64.</returns>
    public static string HashPassword(string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(password);
        return ConsumerPassword.Hash(password);
    }

    /// <summary>Makes a consumer with a password in clear, of which only a hash is kept.</summary>
    /// <param name="name">What limits and the cache know it by.</param>
    /// <param name="username">The user name it sends.</param>
    /// <param name="password">The password.</param>
    /// <returns>The consumer.</returns>
    /// <exception cref="ArgumentException">A value is empty.</exception>
    public static Consumer FromPassword(string name, string username, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(password);
        return new Consumer(name, username, ConsumerPassword.FromClear(password));
    }

    internal ClaimsPrincipal ToPrincipal() => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.Name, Username), new Claim(NameClaimType, Name)], BasicAuthConsumersDefaults.AuthenticationScheme));
}
