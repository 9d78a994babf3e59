using System.Runtime.CompilerServices;

namespace OpenAi.Gateway;

/// <summary>Awaited, it lets work that is queued for the thread pool already run first; <see cref="Task.Yield"/> would go on before it.</summary>
internal readonly struct YieldToQueuedWork : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public YieldToQueuedWork GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => ThreadPool.QueueUserWorkItem(static next => next(), continuation, preferLocal: false);

    public void UnsafeOnCompleted(Action continuation) => ThreadPool.UnsafeQueueUserWorkItem(static next => next(), continuation, preferLocal: false);
}
