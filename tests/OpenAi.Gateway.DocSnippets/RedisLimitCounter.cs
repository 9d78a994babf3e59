#region RedisLimitCounter
using OpenAi.Gateway;

internal sealed class RedisLimitCounter(IRedisScripts redis) : LimitCounter
{
    private const string Reserve = """
        local window = redis.call('HGET', KEYS[1], 'window')
        if not window then
          local now = redis.call('TIME')
          window = string.format('%.0f', now[1] * 1000000 + now[2])
          redis.call('HSET', KEYS[1], 'window', window, 'count', 0)
          redis.call('PEXPIRE', KEYS[1], ARGV[3])
        end
        local count = tonumber(redis.call('HGET', KEYS[1], 'count'))
        local granted = 0
        if tonumber(ARGV[1]) <= tonumber(ARGV[2]) - count then
          granted = 1
          count = redis.call('HINCRBY', KEYS[1], 'count', ARGV[1])
        end
        return { granted, math.max(0, tonumber(ARGV[2]) - count), redis.call('PTTL', KEYS[1]), tonumber(window) }
        """;

    private const string Settle = """
        if redis.call('HGET', KEYS[1], 'window') == ARGV[1] and redis.call('HINCRBY', KEYS[1], 'count', ARGV[2]) < 0 then
          redis.call('HSET', KEYS[1], 'count', 0)
        end
        return {}
        """;

    public override async ValueTask<LimitReservation> ReserveAsync(
        LimitKey key, long cost, long limit, TimeSpan window, CancellationToken cancellationToken)
    {
        var result = await redis.RunAsync(Reserve, NameOf(key), cost, limit, (long)Math.Ceiling(window.TotalMilliseconds));
        return new LimitReservation(IsGranted: result[0] == 1, Remaining: result[1], TimeSpan.FromMilliseconds(result[2]), Window: result[3]);
    }

    public override async ValueTask SettleAsync(LimitKey key, LimitReservation reservation, long reserved, long actual) =>
        await redis.RunAsync(Settle, NameOf(key), reservation.Window, actual - reserved);

    private static string NameOf(LimitKey key) => $"my-gateway:{key.Limit}:{key.Value}";
}
#endregion
