using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class ProxyCacheStoreOptionsValidator : IValidateOptions<ProxyCacheStoreOptions>
{
    private static readonly Annotations DataAnnotations = new();

    public ValidateOptionsResult Validate(string? name, ProxyCacheStoreOptions options)
    {
        var result = DataAnnotations.Validate(null, options);
        return result.Failed ? ValidateOptionsResult.Fail(result.Failures.Select(failure => "AddProxyCache: " + failure)) : result;
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<ProxyCacheStoreOptions>;
}
