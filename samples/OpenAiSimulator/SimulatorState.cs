using System.Text.Json.Nodes;

namespace OpenAiSimulator;

/// <summary>Two counters and the last request; nothing here grows with the number of calls.</summary>
internal sealed class SimulatorState
{
    private readonly Lock _lock = new();
    private long _modelCalls;
    private long _abortedCalls;
    private RecordedRequest? _last;

    public void Add(RecordedRequest request)
    {
        lock (_lock)
        {
            _modelCalls += request.IsModelCall ? 1 : 0;
            _last = request;
        }
    }

    public void AddAborted()
    {
        lock (_lock)
        {
            _abortedCalls++;
        }
    }

    public JsonObject ToJson()
    {
        lock (_lock)
        {
            return new() { ["model_calls"] = _modelCalls, ["aborted_calls"] = _abortedCalls, ["last_request"] = _last?.ToJson() };
        }
    }
}
