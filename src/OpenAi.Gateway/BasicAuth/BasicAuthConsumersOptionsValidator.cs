using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class BasicAuthConsumersOptionsValidator : IValidateOptions<BasicAuthConsumersOptions>
{
    public static readonly BasicAuthConsumersOptionsValidator Instance = new();
    private static readonly Annotations DataAnnotations = new();

    public ValidateOptionsResult Validate(string? name, BasicAuthConsumersOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));
        OptionsCheck.Positive(options.RememberFor, nameof(options.RememberFor), result);
        if (options.Consumers.Contains(null!))
        {
            result.AddError("has an entry that is null. Give it a Name and credentials, or take it out.", nameof(options.Consumers));
            return result.Build();
        }

        foreach (var consumer in options.Consumers)
        {
            Check(consumer, result);
        }

        CheckUnique(options.Consumers.Select(consumer => consumer.Username), "Username", result);
        CheckUnique(options.Consumers.Select(consumer => consumer.Name), "Name", result);
        return result.Build();
    }

    private static void Check(BasicAuthConsumerOptions consumer, ValidateOptionsResultBuilder result)
    {
        ModelNames.Check(consumer.AllowedModels, "Consumers.AllowedModels", result);
        if (string.IsNullOrWhiteSpace(consumer.Name))
        {
            result.AddError("is empty. Name every consumer.", "Consumers.Name");
        }

        if (string.IsNullOrEmpty(consumer.Username) || consumer.Username.Contains(':', StringComparison.Ordinal) || consumer.Username.Any(char.IsControl))
        {
            result.AddError($"of consumer '{consumer.Name}' must be given, without ':' and control characters (RFC 7617).", "Consumers.Username");
        }

        if ((consumer.Password is null) == (consumer.PasswordHash is null) || consumer.Password is "")
        {
            result.AddError($"of consumer '{consumer.Name}' must be given: either Password or PasswordHash.", "Consumers.Password");
        }
        else if (consumer.Password?.Any(char.IsControl) == true)
        {
            result.AddError($"of consumer '{consumer.Name}' has control characters, which RFC 7617 forbids.", "Consumers.Password");
        }
        else if (consumer.PasswordHash is { } hash && !ConsumerPassword.IsHash(hash))
        {
            result.AddError(
                $"of consumer '{consumer.Name}' is not a hash. Make one with Consumer.HashPassword, or use Password for one in clear.",
                "Consumers.PasswordHash");
        }
    }

    private static void CheckUnique(IEnumerable<string> values, string name, ValidateOptionsResultBuilder result)
    {
        foreach (var group in values.GroupBy(value => value, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            result.AddError($"'{group.Key}' is used by {group.Count()} consumers. Give each its own.", "Consumers." + name);
        }
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<BasicAuthConsumersOptions>;
}
