using System.Globalization;

namespace Growth;

/// <summary>What the host says of itself.</summary>
/// <param name="Cpu">CPU time in microseconds, since its start.</param>
/// <param name="Allocated">Bytes allocated, since its start.</param>
/// <param name="Resident">Bytes in memory.</param>
/// <param name="Live">Bytes on the heap: those of live objects when it was collected.</param>
internal readonly record struct HostStats(long Cpu, long Allocated, long Resident, long Live)
{
    private const double BytesOfMegabyte = 1024 * 1024;

    public double ResidentMegabytes => Resident / BytesOfMegabyte;

    public double LiveMegabytes => Live / BytesOfMegabyte;

    public static HostStats Parse(string text)
    {
        var numbers = text.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        return new HostStats(numbers[0], numbers[1], numbers[2], numbers[3]);
    }
}
