using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using OpenAi.Gateway.Benchmarks;
using Perfolizer.Horology;

// Without arguments a menu; --filter '*' runs all; --short runs each once and says only whether they work.
if (args is ["--short"])
{
    return ShortRun.RunAll();
}

var benchmarks = BenchmarkSwitcher.FromAssembly(typeof(ShortRun).Assembly);
if (args.Contains("--job") || args.Contains("-j"))
{
    benchmarks.Run([.. args, "--inProcess"]);
    return 0;
}

// In this process, so that nothing is built anew and the environment's settings hold for what is measured; bounded in time on a busy machine, too.
benchmarks.Run(args, DefaultConfig.Instance.AddJob(Job.Default
    .WithToolchain(InProcessEmitToolchain.Instance)
    .WithIterationTime(TimeInterval.FromMilliseconds(250))
    .WithMaxWarmupCount(20)
    .WithMaxIterationCount(25)));
return 0;
