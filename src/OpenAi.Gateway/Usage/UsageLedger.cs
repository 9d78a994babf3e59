namespace OpenAi.Gateway;

/// <summary>Where the records of ended calls go: every sink gets them.</summary>
internal sealed class UsageLedger(IEnumerable<UsageSink> sinks)
{
    private readonly UsageSink[] _sinks = [.. sinks];

    /// <summary>Whether anybody wants records, so that answers need to be read for their usage at all.</summary>
    public bool IsOn => _sinks.Length > 0;

    /// <summary>Takes the record of an ended call. Never waits and never throws.</summary>
    public void Add(UsageRecord record)
    {
        foreach (var sink in _sinks)
        {
            _ = sink.WriteAsync([record], CancellationToken.None).AsTask();
        }
    }
}
