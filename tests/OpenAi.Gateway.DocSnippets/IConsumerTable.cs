using OpenAi.Gateway.DocSnippets;

internal interface IConsumerTable
{
    ValueTask<ConsumerRow?> FindAsync(string username, CancellationToken cancellationToken);
}
