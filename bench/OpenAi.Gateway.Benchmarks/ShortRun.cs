using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>Runs every benchmark once, to prove that each still works. It says nothing about time.</summary>
internal static class ShortRun
{
    /// <summary>Writes a line for each benchmark, and as the last one "N passed, N failed".</summary>
    /// <returns>The exit code: 0 when all passed.</returns>
    public static int RunAll()
    {
        var log = new AccumulationLogger();
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.Dry.WithToolchain(InProcessEmitToolchain.Instance))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(log)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), $"benchmarks-{Environment.ProcessId}"));
        var (passed, failed) = (0, 0);
        foreach (var benchmarks in Classes())
        {
            foreach (var (name, hasPassed) in Run(benchmarks, config))
            {
                Console.WriteLine($"{(hasPassed ? "ok  " : "FAIL")} {name}");
                (passed, failed) = hasPassed ? (passed + 1, failed) : (passed, failed + 1);
            }
        }

        if (failed > 0)
        {
            Console.WriteLine(log.GetLog());
        }

        Directory.Delete(config.ArtifactsPath, recursive: true);
        Console.WriteLine($"{passed} passed, {failed} failed");
        return passed > 0 && failed == 0 ? 0 : 1;
    }

    private static IEnumerable<Type> Classes() => typeof(ShortRun).Assembly.GetTypes()
        .Where(type => type.GetMethods().Any(method => method.IsDefined(typeof(BenchmarkDotNet.Attributes.BenchmarkAttribute), inherit: false)));

    private static IEnumerable<(string Name, bool HasPassed)> Run(Type benchmarks, IConfig config)
    {
        var summary = BenchmarkRunner.Run(benchmarks, config);
        return summary.HasCriticalValidationErrors || summary.BenchmarksCases.Length == 0
            ? [(benchmarks.Name, false)]
            : summary.BenchmarksCases.Select(one => ($"{one.Descriptor.DisplayInfo} {one.Parameters.DisplayInfo}", summary[one] is { Success: true, ResultStatistics: not null }));
    }
}
