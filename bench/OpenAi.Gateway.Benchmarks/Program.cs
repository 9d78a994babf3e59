using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using OpenAi.Gateway.Benchmarks;

// Without arguments a menu; --filter '*' runs all; --short runs each once and says only whether they work.
if (args is ["--short"])
{
    return ShortRun.RunAll();
}

// In this process: nothing is built anew, and the settings of the environment hold for what is measured.
var config = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(ShortRun).Assembly).Run(args, config);
return 0;
