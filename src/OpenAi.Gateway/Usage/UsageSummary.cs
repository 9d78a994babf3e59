namespace OpenAi.Gateway;

/// <summary>
/// What consumers took of models in the last hours (<see cref="OpenAiUsageOptions.SummaryHours"/>), in the memory of this process. Inject it to show
/// it. Calls are in it a moment after they ended.
/// </summary>
public sealed class UsageSummary : UsageSink
{
    private const int MaxRows = 10_000;
    private const string Other = "other";

    private readonly Lock _lock = new();
    private readonly Dictionary<(DateTimeOffset Hour, string? Consumer, string? Model), UsageTotals> _rows = [];
    private readonly TimeProvider _time;
    private readonly int _hours;
    private DateTimeOffset _oldest;

    internal UsageSummary(int hours, TimeProvider time)
    {
        _hours = hours;
        _time = time;
    }

    /// <summary>The rows of the last hours, the current one included; the latest hour first. At most 10,000 rows and one more for each hour.</summary>
    /// <returns>Rows that do not change any more.</returns>
    public IReadOnlyList<UsageSummaryRow> GetRows()
    {
        lock (_lock)
        {
            Forget();
            return [.. _rows.Values
                .Select(totals => totals.ToRow())
                .OrderByDescending(row => row.Hour)
                .ThenBy(row => row.Consumer, StringComparer.Ordinal)
                .ThenBy(row => row.Model, StringComparer.Ordinal)];
        }
    }

    /// <inheritdoc />
    public override ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        lock (_lock)
        {
            Forget();
            foreach (var record in records)
            {
                Add(record);
            }
        }

        return ValueTask.CompletedTask;
    }

    private static DateTimeOffset HourOf(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    private void Add(UsageRecord record)
    {
        var hour = HourOf(record.Time);
        if (hour < _oldest)
        {
            return;
        }

        var model = record.AnsweredModel ?? record.SentModel ?? record.AskedModel;
        var key = (Hour: hour, record.Consumer, Model: model is null ? null : ModelName.Clean(model));
        if (!_rows.TryGetValue(key, out var row) && _rows.Count >= MaxRows)
        {
            key = (hour, Other, Other);
            row = _rows.GetValueOrDefault(key);
        }

        if (row is null)
        {
            _rows[key] = row = new UsageTotals(hour, key.Consumer, key.Model);
        }

        row.Add(record);
    }

    private void Forget()
    {
        var oldest = HourOf(_time.GetUtcNow()).AddHours(1 - _hours);
        if (oldest <= _oldest)
        {
            return;
        }

        _oldest = oldest;
        foreach (var key in _rows.Keys.Where(key => key.Hour < oldest))
        {
            _rows.Remove(key);
        }
    }
}
