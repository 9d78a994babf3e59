using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace OpenAi.Gateway;

/// <summary>
/// A whole number within bounds. In the place of <c>RangeAttribute</c>, whose message the options validator's source generator drops.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BetweenAttribute(long minimum, long maximum) : ValidationAttribute
{
    public long Minimum => minimum;

    public long Maximum => maximum;

    public override bool IsValid(object? value) =>
        value is null || (Convert.ToInt64(value, CultureInfo.InvariantCulture) is var number && number >= minimum && number <= maximum);
}
