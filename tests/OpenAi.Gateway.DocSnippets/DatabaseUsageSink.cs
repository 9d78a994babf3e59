#region DatabaseUsageSink
using OpenAi.Gateway;

internal sealed class DatabaseUsageSink(IUsageTable table) : UsageSink
{
    public override async ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) =>
        await table.InsertAsync(records, cancellationToken);
}
#endregion
