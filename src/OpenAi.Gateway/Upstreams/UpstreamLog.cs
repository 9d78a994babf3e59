using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

internal static partial class UpstreamLog
{
    [LoggerMessage(1101, LogLevel.Information, "The upstream '{Upstream}' was changed.")]
    public static partial void Changed(ILogger logger, string upstream);

    [LoggerMessage(1102, LogLevel.Error, "The changed configuration of the upstream '{Upstream}' was refused; the last good one stays. {Reason}")]
    public static partial void ChangeRefused(ILogger logger, string upstream, string reason);

    [LoggerMessage(1103, LogLevel.Warning, "Key {Number} of the upstream '{Upstream}' was answered {Status} (quota or refusal); it cools down for {Time}.")]
    public static partial void KeyCoolsDown(ILogger logger, string upstream, int number, int status, TimeSpan time);
}
