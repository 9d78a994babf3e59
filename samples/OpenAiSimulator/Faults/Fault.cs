using System.Globalization;

namespace OpenAiSimulator.Faults;

/// <summary>What a request asks to go wrong, in its <c>X-Simulator-Fault</c> header.</summary>
internal sealed record Fault
{
    public const string HeaderName = "X-Simulator-Fault";

    public int? Status { get; private init; }

    public int? RetryAfterSeconds { get; private init; }

    public bool Quota { get; private init; }

    public bool Reset { get; private init; }

    public bool Garbage { get; private init; }

    public TimeSpan Delay { get; private init; }

    public TimeSpan ChunkDelay { get; private init; }

    public int? CutAfter { get; private init; }

    public static Fault Parse(string text) => text
        .Split([',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Aggregate(new Fault(), (fault, item) => fault.With(item));

    private Fault With(string item)
    {
        var parts = item.Split('=', 2, StringSplitOptions.TrimEntries);
        return parts switch
        {
            ["quota"] => this with { Quota = true },
            ["reset"] => this with { Reset = true },
            ["garbage"] => this with { Garbage = true },
            ["status", _] => this with { Status = Number(item, parts[1], 400, 599) },
            ["retry-after", _] => this with { RetryAfterSeconds = Number(item, parts[1]) },
            ["delay", _] => this with { Delay = TimeSpan.FromMilliseconds(Number(item, parts[1])) },
            ["chunk-delay", _] => this with { ChunkDelay = TimeSpan.FromMilliseconds(Number(item, parts[1])) },
            ["cut", _] => this with { CutAfter = Number(item, parts[1]) },
            _ => throw Unknown(item),
        };
    }

    private static int Number(string item, string value, int min = 0, int max = int.MaxValue) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw Unknown(item);

    private static ApiException Unknown(string item) =>
        ApiException.BadRequest($"'{item}' is not a fault that the simulator knows.", HeaderName, "unknown_fault");
}
