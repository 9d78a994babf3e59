namespace Growth;

/// <summary>How much is done; each can be given on the command line, as <c>--requests 1000</c>.</summary>
internal sealed class GrowthOptions
{
    /// <summary>Requests that are measured, for each row.</summary>
    public int Requests { get; set; } = 200_000;

    /// <summary>Requests before them, in which the code is optimised; at least one for each route, consumer, key or entry.</summary>
    public int Warm { get; set; } = 300_000;

    /// <summary>Connections of the load.</summary>
    public int Connections { get; set; } = 32;

    /// <summary>The largest number of routes, consumers, keys and entries is divided by this.</summary>
    public int Divide { get; set; } = 1;

    /// <summary>Streams that are open at the same time.</summary>
    public int Streams { get; set; } = 1_000;

    /// <summary>Requests of the soak.</summary>
    public int Soak { get; set; } = 1_000_000;

    /// <summary>After so long it ends, whatever is left to do.</summary>
    public double Minutes { get; set; } = 60;

    /// <summary>The CPU that the gateway is pinned to, by <c>taskset</c>.</summary>
    public int? Pin { get; set; }

    /// <summary>What is done: growth, streams, soak, or several of them with commas between.</summary>
    public string Only { get; set; } = "growth,streams,soak";

    public bool Does(string part) => Only.Split(',').Contains(part);
}
