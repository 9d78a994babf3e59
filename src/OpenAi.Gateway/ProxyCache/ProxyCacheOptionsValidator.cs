using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class ProxyCacheOptionsValidator : IValidateOptions<ProxyCacheOptions>
{
    public static readonly ProxyCacheOptionsValidator Instance = new();
    private static readonly Annotations DataAnnotations = new();

    // Short enough that every store can count it, even when the other times for which an answer is kept are added.
    private static readonly TimeSpan LongestStale = TimeSpan.FromDays(3650);

    public ValidateOptionsResult Validate(string? name, ProxyCacheOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));
        OptionsCheck.Positive(options.Ttl, nameof(options.Ttl), result);
        OptionsCheck.Positive(options.LockTimeout, nameof(options.LockTimeout), result);
        if (options.StaleIfError < TimeSpan.Zero || options.StaleIfError > LongestStale)
        {
            result.AddError(
                $"is {options.StaleIfError}. It must be between zero, which turns it off, and {LongestStale.Days} days.", nameof(options.StaleIfError));
        }

        if (options.Methods.Count == 0 || !options.Methods.All(HeaderRule.IsToken))
        {
            result.AddError("must name at least one HTTP method, for example \"POST\".", nameof(options.Methods));
        }

        if (options.HttpStatus.Count == 0 || options.HttpStatus.Any(status => status is < 200 or > 599))
        {
            result.AddError("must hold at least one HTTP status, each between 200 and 599.", nameof(options.HttpStatus));
        }

        if (!HeaderRule.IsToken(options.StatusHeader))
        {
            result.AddError($"'{options.StatusHeader}' is not the name of a header.", nameof(options.StatusHeader));
        }
        else if (HeaderFilter.IsOfMessage(options.StatusHeader))
        {
            result.AddError(
                $"'{options.StatusHeader}' says how an answer is to be read. Name a header that HTTP does not need, for example \"X-Cache-Status\".",
                nameof(options.StatusHeader));
        }

        if (options.Key is { } key && (key.Count == 0 || key.Any(string.IsNullOrEmpty)))
        {
            result.AddError("is empty or has an empty part. Give its parts, or leave it out for the default.", nameof(options.Key));
        }

        if (options.Key?.Any(part => part != CacheKeyTemplate.Body && HoldsBody(part)) == true)
        {
            result.AddError($"has the body within another text. Write \"{CacheKeyTemplate.Body}\" as a part of its own.", nameof(options.Key));
        }

        CheckTemplates(options.Key?.Where(part => !HoldsBody(part)), nameof(options.Key), result);
        CheckTemplates(options.Bypass, nameof(options.Bypass), result);
        CheckTemplates(options.NoStore, nameof(options.NoStore), result);
        return result.Build();
    }

    private static bool HoldsBody(string? part) =>
        part?.Contains(CacheKeyTemplate.Body, StringComparison.Ordinal) == true || part?.Contains("${request_body}", StringComparison.Ordinal) == true;

    private static void CheckTemplates(IEnumerable<string>? templates, string name, ValidateOptionsResultBuilder result)
    {
        foreach (var template in templates ?? [])
        {
            if (template is null)
            {
                result.AddError("has an entry that is null. Give it a text, or take it out.", name);
                continue;
            }

            try
            {
                VariableTemplate.Parse(template);
            }
            catch (FormatException error)
            {
                result.AddError(error.Message, name);
            }
        }
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<ProxyCacheOptions>;
}
