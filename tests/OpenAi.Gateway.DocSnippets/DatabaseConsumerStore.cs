#region DatabaseConsumerStore
using OpenAi.Gateway;

internal sealed class DatabaseConsumerStore(IConsumerTable table) : ConsumerStore
{
    public override async ValueTask<Consumer?> FindAsync(string username, CancellationToken cancellationToken)
    {
        var row = await table.FindAsync(username, cancellationToken);
        return row is null ? null : new Consumer(row.Name, row.Username, row.PasswordHash);
    }
}
#endregion
