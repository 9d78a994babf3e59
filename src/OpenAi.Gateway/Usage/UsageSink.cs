namespace OpenAi.Gateway;

/// <summary>
/// Gets the usage of each call. Register any number of them as singletons. Each has a bounded queue of its own and is called from the
/// background, so that a slow or failing sink neither delays a call nor another sink; what does not fit into its queue is dropped and counted
/// (metric <c>openai_gateway.usage.dropped</c>).
/// </summary>
public abstract class UsageSink
{
    /// <summary>Takes records, in the order in which the calls ended. Never called twice at the same time.</summary>
    /// <param name="records">At least one record. The list is used again after the call: keep the records, not the list.</param>
    /// <param name="cancellationToken">Cancelled when the app has waited long enough for its end.</param>
    /// <returns>A task that ends when the records are taken. An exception is logged and counted; the records are lost.</returns>
    public abstract ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken);
}
