#!/usr/bin/env bash
# Plays the walkthrough against the sample host: once in front of its simulator, once in front of WireMock (a real process).
# Needs a built solution (Release) and WireMock's jar. The last line is the sum: "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0
work=$(mktemp -d)
pids=()
cleanup() {
    ((${#pids[@]} == 0)) || kill "${pids[@]}" 2> /dev/null
    rm -rf "$work"
}
trap cleanup EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2> /dev/null || echo $((20000 + RANDOM)); }

wait_for() { # <url>
    for _ in $(seq 300); do
        curl -s -o /dev/null --max-time 2 "$1" && return
        sleep 0.2
    done
    echo "FAIL nothing answers at $1"
    failed=$((failed + 1))
}

start_sample() { # <port>
    (cd samples/ProductDesc && exec dotnet run -c Release --no-build -- --urls "http://127.0.0.1:$1" \
        --LimitCount:TimeWindow=00:00:05 --ProxyCache:Ttl=00:00:08) > "$work/sample-$1.log" 2>&1 &
    pids+=($!)
    wait_for "http://127.0.0.1:$1/"
}

play() { # <name> <port>
    echo "--- $1"
    WINDOW_SECONDS=5 samples/ProductDesc/walkthrough.sh "http://127.0.0.1:$2" | tee "$work/walkthrough.log"
    local sum
    sum=$(tail -n 1 "$work/walkthrough.log")
    if [[ $sum =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
    else
        failed=$((failed + 1))
    fi
}

unset OPENAI_API_KEY OPENAI_BASE_URL
port=$(free_port)
start_sample "$port"
TTL_SECONDS=8 play "in front of the simulator" "$port"

wiremock=$(free_port)
mkdir -p "$work/mappings"
cat > "$work/mappings/chat.json" << 'JSON'
{
  "request": {
    "method": "POST",
    "urlPath": "/v1beta/openai/chat/completions",
    "bodyPatterns": [ { "matchesJsonPath": { "expression": "$.model", "equalTo": "gpt-4.1-mini" } } ],
    "headers": { "Authorization": { "equalTo": "Bearer sk-fake" }, "Content-Type": { "equalTo": "application/json" } }
  },
  "response": {
    "status": 200,
    "headers": { "Content-Type": "application/json", "Set-Cookie": "__cf_bm=fake", "Cache-Control": "no-cache, must-revalidate" },
    "body": "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1675791234,\"model\":\"gpt-4.1-mini-2025-04-14\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"A fixed answer.\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":109,\"total_tokens\":118}}"
  }
}
JSON
java -XX:TieredStopAtLevel=1 -jar tests/wiremock/node_modules/wiremock/build/wiremock-standalone-*.jar \
    --port "$wiremock" --bind-address 127.0.0.1 --disable-banner --disable-gzip --root-dir "$work" > "$work/wiremock.log" 2>&1 &
pids+=($!)
wait_for "http://127.0.0.1:$wiremock/__admin/health"
# Some providers' base URL does not end in /v1.
export OPENAI_API_KEY=sk-fake OPENAI_BASE_URL="http://127.0.0.1:$wiremock/v1beta/openai/"
port=$(free_port)
start_sample "$port"
STANDIN=fixed TTL_SECONDS=8 play "in front of WireMock" "$port"

echo "$passed passed, $failed failed"
((failed == 0))
