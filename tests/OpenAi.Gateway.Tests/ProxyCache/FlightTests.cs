namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>What a flight says to those who come at any moment of it.</summary>
public class FlightTests
{
    private static readonly FlightEnd HandedOver = new(null, IsHandedOver: true);

    private readonly SingleFlight _flights = new();

    [Fact]
    public async Task Who_joined_just_before_it_landed_is_told_at_once()
    {
        var flight = Join(out _);

        flight.Land(HandedOver);

        (await flight.Beginning.SoonAsync()).ShouldBeNull();
        (await flight.Landing.SoonAsync()).ShouldBe(HandedOver);
    }

    [Fact]
    public async Task Its_first_word_counts()
    {
        var flight = Join(out _);

        flight.Land(HandedOver);
        flight.Land(default);

        (await flight.Landing.SoonAsync()).ShouldBe(HandedOver);
    }

    [Fact]
    public void Its_second_word_does_not_end_the_flight_that_has_begun_since()
    {
        var first = Join(out _);
        first.Land(default);
        var second = Join(out var isLeader);
        isLeader.ShouldBeTrue();

        first.Land(default);

        Join(out isLeader).ShouldBeSameAs(second);
        isLeader.ShouldBeFalse();
    }

    // The leader's client would wait for what they do.
    [Fact]
    public async Task Those_who_wait_do_not_go_on_in_the_leaders_stead()
    {
        var leader = Environment.CurrentManagedThreadId;
        var isTelling = true;
        var flight = Join(out _);
        bool IsInLeadersStead(Task _) => isTelling && Environment.CurrentManagedThreadId == leader;
        var reading = flight.Beginning.ContinueWith(IsInLeadersStead, TaskContinuationOptions.ExecuteSynchronously);
        var waiting = flight.Landing.ContinueWith(IsInLeadersStead, TaskContinuationOptions.ExecuteSynchronously);

        flight.Begin(new SharedStream(200, [], 100, () => { }));
        flight.Land(default);
        isTelling = false;

        (await Task.WhenAll(reading, waiting).SoonAsync()).ShouldBe([false, false]);
    }

    private SingleFlight.Flight Join(out bool isLeader) => _flights.Join(Keys.Of("why?"), out isLeader);
}
