namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>A call that waits for the test.</summary>
internal sealed class HeldCall
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => _reached.Task;

    public void Release() => _released.SetResult();

    public Task HoldAsync()
    {
        _reached.SetResult();
        return _released.Task;
    }
}
