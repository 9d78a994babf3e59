using OpenAi.Gateway;

internal interface IUsageTable
{
    ValueTask InsertAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken);
}
