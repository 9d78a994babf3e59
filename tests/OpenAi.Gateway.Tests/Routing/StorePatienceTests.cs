namespace OpenAi.Gateway.Tests.Routing;

public class StorePatienceTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly StorePatience _patience;

    public StorePatienceTests() => _patience = new StorePatience(_time);

    [Fact]
    public async Task What_is_here_already_takes_no_timer()
    {
        (await _patience.WaitAsync(new ValueTask<int>(1))).ShouldBe(1);
        await _patience.WaitAsync(default(ValueTask));

        _time.DueTimes.ShouldBeEmpty();
    }

    [Fact]
    public async Task When_one_has_waited_in_vain_the_others_wait_a_moment_but_for_one_in_each_pause()
    {
        await InVainAsync(StorePatience.Longest);
        _time.Advance(StorePatience.Pause - StorePatience.Moment);
        await InVainAsync(StorePatience.Moment);

        for (var i = 0; i < 2; i++)
        {
            await InVainAsync(StorePatience.Longest);
            await InVainAsync(StorePatience.Moment);
            _time.Advance(StorePatience.Pause - StorePatience.Longest - StorePatience.Moment);
        }
    }

    [Fact]
    public async Task While_one_waits_for_long_after_the_pause_the_others_wait_a_moment()
    {
        await InVainAsync(StorePatience.Longest);
        _time.Advance(StorePatience.Pause);

        var silent = new TaskCompletionSource();
        var first = _patience.WaitAsync(silent.Task);
        await InVainAsync(StorePatience.Moment);

        silent.SetResult();
        await first;
        await InVainAsync(StorePatience.Longest);
    }

    [Fact]
    public async Task All_have_patience_again_when_it_has_answered_one()
    {
        await InVainAsync(StorePatience.Longest);

        var late = new TaskCompletionSource<int>();
        var waiting = _patience.WaitAsync(new ValueTask<int>(late.Task)).AsTask();
        _time.DueTimes.ShouldBe([StorePatience.Moment]);
        late.SetResult(1);

        (await waiting).ShouldBe(1);
        await InVainAsync(StorePatience.Longest);
    }

    [Fact]
    public async Task Who_has_waited_a_moment_takes_nobodys_patience()
    {
        await InVainAsync(StorePatience.Longest);
        var silent = Waiting();
        var answered = new TaskCompletionSource();
        var waiting = _patience.WaitAsync(answered.Task);
        answered.SetResult();
        await waiting;

        _time.Advance(StorePatience.Moment);

        await Should.ThrowAsync<TimeoutException>(silent);
        await InVainAsync(StorePatience.Longest);
    }

    [Fact]
    public async Task A_store_that_says_itself_that_it_was_too_slow_has_answered()
    {
        var failing = new TaskCompletionSource();
        var waiting = _patience.WaitAsync(failing.Task);
        failing.SetException(new TimeoutException("The store's own."));

        (await Should.ThrowAsync<TimeoutException>(waiting)).Message.ShouldBe("The store's own.");
        await InVainAsync(StorePatience.Longest);
    }

    private Task Waiting() => _patience.WaitAsync(new TaskCompletionSource().Task);

    private async Task InVainAsync(TimeSpan patience)
    {
        var waiting = Waiting();
        _time.DueTimes.ShouldContain(patience);
        _time.Advance(patience - TimeSpan.FromTicks(1));
        waiting.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromTicks(1));
        await Should.ThrowAsync<TimeoutException>(waiting);
    }
}
