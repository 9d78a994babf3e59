using System.Threading.RateLimiting;

namespace OpenAi.Gateway;

/// <summary>The places of all limits of concurrency, by key. A key costs memory only while somebody has a place or waits for one.</summary>
internal sealed class ConcurrencyGates
{
    private readonly Dictionary<Setting, Gate> _gates = [];

    public int Count
    {
        get
        {
            lock (_gates)
            {
                return _gates.Count;
            }
        }
    }

    /// <summary>Takes a place, or waits for one in turn. Gives <see langword="null"/> when too many wait already.</summary>
    /// <param name="key">Whose places they are.</param>
    /// <param name="permits">How many there are.</param>
    /// <param name="queueLimit">How many may wait.</param>
    /// <param name="leave">Ends the waiting.</param>
    /// <exception cref="OperationCanceledException">The waiting was ended.</exception>
    public async ValueTask<IDisposable?> EnterAsync(LimitKey key, int permits, int queueLimit, CancellationToken leave)
    {
        var setting = new Setting(key, permits, queueLimit);
        var gate = Hold(setting);
        RateLimitLease? lease = null;
        try
        {
            lease = await gate.Limiter.AcquireAsync(1, leave);
            return lease.IsAcquired ? new Place(this, setting, gate, lease) : null;
        }
        finally
        {
            if (lease?.IsAcquired != true)
            {
                Release(setting, gate);
            }
        }
    }

    private Gate Hold(Setting setting)
    {
        lock (_gates)
        {
            if (!_gates.TryGetValue(setting, out var gate))
            {
                _gates[setting] = gate = new Gate(setting);
            }

            gate.Users++;
            return gate;
        }
    }

    private void Release(Setting setting, Gate gate)
    {
        lock (_gates)
        {
            if (--gate.Users > 0)
            {
                return;
            }

            _gates.Remove(setting);
        }

        gate.Limiter.Dispose();
    }

    private readonly record struct Setting(LimitKey Key, int Permits, int QueueLimit);

    private sealed class Gate(Setting setting)
    {
        public ConcurrencyLimiter Limiter { get; } = new(new ConcurrencyLimiterOptions
        {
            PermitLimit = setting.Permits,
            QueueLimit = setting.QueueLimit,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });

        /// <summary>Who has a place, waits for one or is about to.</summary>
        public int Users { get; set; }
    }

    private sealed class Place(ConcurrencyGates gates, Setting setting, Gate gate, RateLimitLease lease) : IDisposable
    {
        public void Dispose()
        {
            lease.Dispose();
            gates.Release(setting, gate);
        }
    }
}
