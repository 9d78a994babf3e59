namespace OpenAi.Gateway;

/// <summary>How long a request waits for a store, of answers or of counters, before it goes on without it.</summary>
internal static class StorePatience
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>Waits for the store; what is here already takes no timer.</summary>
    /// <exception cref="TimeoutException">It has not answered in time.</exception>
    public static ValueTask WithPatience(this ValueTask pending, TimeProvider time) =>
        pending.IsCompleted ? pending : new(pending.AsTask().WaitAsync(Longest, time));

    /// <inheritdoc cref="WithPatience(ValueTask, TimeProvider)"/>
    public static ValueTask<T> WithPatience<T>(this ValueTask<T> pending, TimeProvider time) =>
        pending.IsCompleted ? pending : new(pending.AsTask().WaitAsync(Longest, time));
}
