namespace OpenAi.Gateway.Tests.Performance;

/// <summary>Tests that count what the whole process allocates, so that no other test may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public class Measured
{
    public const string Name = "measured";
}
