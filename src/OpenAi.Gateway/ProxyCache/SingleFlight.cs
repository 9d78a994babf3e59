using System.Collections.Concurrent;

namespace OpenAi.Gateway;

/// <summary>
/// Lets one of several identical requests go upstream while the others wait for its answer, or read it with the leader if it is a stream. Nobody
/// takes half an answer for a whole one: at its end the leader says whether there is a whole one, another one leads, or everybody asks for
/// themselves. It says the last as soon as it knows that its answer is not to be stored.
/// </summary>
internal sealed class SingleFlight
{
    private readonly ConcurrentDictionary<CacheKey, Flight> _flights = new();

    /// <summary>Joins the flight of a key, or begins it.</summary>
    public Flight Join(CacheKey key, out bool isLeader)
    {
        while (true)
        {
            if (_flights.TryGetValue(key, out var flight))
            {
                isLeader = false;
                return flight;
            }

            flight = new Flight(this, key);
            if (_flights.TryAdd(key, flight))
            {
                isLeader = true;
                return flight;
            }
        }
    }

    internal sealed class Flight(SingleFlight all, CacheKey key)
    {
        private readonly Lock _lock = new();
        private SharedStream? _stream;
        private FlightEnd? _end;

        // Made by the first who waits: most flights have nobody but their leader.
        private TaskCompletionSource<SharedStream?>? _beginning;
        private TaskCompletionSource<FlightEnd>? _landing;

        /// <summary>The stream that can be read already; <see langword="null"/> when the flight has landed without one.</summary>
        public Task<SharedStream?> Beginning
        {
            get
            {
                lock (_lock)
                {
                    return _stream is not null || _end is not null
                        ? Task.FromResult(_stream)
                        : (_beginning ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }
            }
        }

        public Task<FlightEnd> Landing
        {
            get
            {
                lock (_lock)
                {
                    return _end is { } end
                        ? Task.FromResult(end)
                        : (_landing ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }
            }
        }

        /// <summary>Lets those who wait read the answer while it comes.</summary>
        public void Begin(SharedStream stream)
        {
            lock (_lock)
            {
                _stream = stream;
                _beginning?.TrySetResult(stream);
            }
        }

        /// <summary>Ends the flight and tells those who wait; only the first call counts.</summary>
        public void Land(FlightEnd end)
        {
            // It leaves the table first: whoever comes now begins a new flight, or finds the stored entry.
            all._flights.TryRemove(KeyValuePair.Create(key, this));
            lock (_lock)
            {
                _end ??= end;
                _landing?.TrySetResult(end);
                _beginning?.TrySetResult(null);
            }
        }
    }
}
