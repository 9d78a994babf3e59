using System.Runtime.CompilerServices;

namespace OpenAi.Gateway.Testing;

/// <summary>The hard upper bound on every event that a test waits for: a lost event fails the test, it never hangs it.</summary>
public static class Soon
{
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    public static Task SoonAsync(this Task task, [CallerArgumentExpression(nameof(task))] string awaited = "") =>
        task.WithinAsync(Bound, awaited);

    public static async Task<T> SoonAsync<T>(this Task<T> task, [CallerArgumentExpression(nameof(task))] string awaited = "")
    {
        await task.WithinAsync(Bound, awaited);
        return await task;
    }

    public static async Task WithinAsync(
        this Task task,
        TimeSpan bound,
        [CallerArgumentExpression(nameof(task))] string awaited = "")
    {
        using var stop = new CancellationTokenSource();
        if (await Task.WhenAny(task, Task.Delay(bound, stop.Token)) != task)
        {
            throw new TimeoutException($"Did not happen within {bound.TotalMilliseconds:0} ms: {awaited}");
        }

        await stop.CancelAsync();
        await task;
    }
}
