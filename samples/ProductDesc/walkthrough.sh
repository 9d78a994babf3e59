#!/usr/bin/env bash
# Plays every step of the walkthrough against a running gateway and checks each status, header and body.
#
#   ./walkthrough.sh [gateway]        default http://127.0.0.1:9080
#
#   USER_PASS=name:password           default username1:password1
#   WINDOW_SECONDS=60                 the limit's window
#   TTL_SECONDS=300                   when set: also wait that long and check that the answer has expired
#   STANDIN=fixed                     the upstream always gives the same JSON: no other answers, no streams
set -euo pipefail

gateway=${1:-http://127.0.0.1:9080}
gateway=${gateway%/}
route=$gateway/openai/product/desc
user_pass=${USER_PASS:-username1:password1}
window=${WINDOW_SECONDS:-60}
ttl=${TTL_SECONDS:-}
standin=${STANDIN:-}

rejected='Requests are too frequent, please try again later.'
body='{
   "model":"text-davinci-003",
   "prompt":"Write a brief product description for Apple 13 pro",
   "temperature":0,
   "max_tokens":256
}'
nonce=$(date +%s)-$$
passed=0
failed=0
status=000
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# --- calls -----------------------------------------------------------------------------------------------------------

# call URL [curl arguments]: leaves $status, $dir/headers and $dir/body behind.
call() {
    : >"$dir/headers"
    : >"$dir/body"
    status=$(curl -sS --max-time 60 -D "$dir/headers" -o "$dir/body" -w '%{http_code}' "$@") || true
}

# ask BODY: as the walkthrough does it, with curl's own form Content-Type.
ask() { call "$route" -X POST -u "$user_pass" -d "$1"; }

prompt() { printf '{"model":"text-davinci-003","prompt":"%s","temperature":0,"max_tokens":256}' "$1"; }

header() { tr -d '\r' <"$dir/headers" | sed -n "s/^$1:[[:space:]]*//Ip" | head -n 1; }

# A header as a number; the second argument when it is none.
number() {
    local value
    value=$(header "$1")
    [[ $value =~ ^[0-9]+$ ]] && printf '%s' "$value" || printf '%s' "$2"
}

wait_for() {
    printf '     waiting %s s: %s\n' "$1" "$2"
    sleep "$1"
}

# --- checks ----------------------------------------------------------------------------------------------------------

ok() { printf 'ok   %s\n' "$1"; passed=$((passed + 1)); }
fail() { printf 'FAIL %s: %s\n' "$1" "$2"; failed=$((failed + 1)); }

equals() { if [[ $2 == "$3" ]]; then ok "$1"; else fail "$1" "expected '$3', got '$2'"; fi; }
matches() { if [[ $2 =~ $3 ]]; then ok "$1"; else fail "$1" "expected a match of '$3', got '$2'"; fi; }
between() { if [[ $2 =~ ^[0-9]+$ ]] && (($2 >= $3 && $2 <= $4)); then ok "$1"; else fail "$1" "expected $3 to $4, got '$2'"; fi; }

has_status() { equals "$1: status $2" "$status" "$2"; }
has_header() { equals "$1: $2: $3" "$(header "$2")" "$3"; }
has_no_header() { if grep -qi "^$2:" "$dir/headers"; then fail "$1: no $2" "got '$(header "$2")'"; else ok "$1: no $2"; fi; }
has_member() { matches "$1: $2 is $3" "$(one_line)" "\"$2\"[[:space:]]*:[[:space:]]*\"${3//./\\.}\""; }
one_line() { tr '\n' ' ' <"$dir/body"; }

# The message in APISIX's member and in OpenAI's, where SDKs look.
is_error() {
    has_status "$1" "$2"
    has_member "$1" error_msg "$3"
    local text='"[^"]+"' colon='[[:space:]]*:[[:space:]]*' comma='[[:space:]]*,[[:space:]]*'
    matches "$1: error has message, type, param and code" "$(one_line)" \
        "\"error\"$colon\\{[[:space:]]*\"message\"$colon\"${3//./\\.}\"$comma\"type\"$colon$text$comma\"param\"${colon}null$comma\"code\"$colon$text"
}

is_unauthorized() {
    is_error "$1" 401 "$2"
    matches "$1: WWW-Authenticate" "$(header WWW-Authenticate)" '^Basic realm="[^"]*", charset="UTF-8"$'
}

is_completion() {
    has_status "$1" 200
    has_member "$1" object text_completion
    has_member "$1" model text-davinci-003
    has_header "$1" X-RateLimit-Limit 2
    has_header "$1" X-RateLimit-Remaining "$2"
    between "$1: X-RateLimit-Reset within the window" "$(header X-RateLimit-Reset)" 1 "$window"
}

hides_upstream() {
    local name
    for name in Set-Cookie Cache-Control Expires Age Authorization; do
        has_no_header "$1" "$name"
    done
    local secret='bearer [a-z0-9]|(^|[^a-z0-9])sk-[a-z0-9]'
    if grep -Eiq "$secret" "$dir/headers" "$dir/body"; then
        fail "$1: no provider key" 'something looks like one'
    elif [[ -n ${OPENAI_API_KEY:-} ]] && grep -Fq -e "$OPENAI_API_KEY" "$dir/headers" "$dir/body"; then
        fail "$1: no provider key" 'it holds OPENAI_API_KEY'
    else
        ok "$1: no provider key"
    fi
}

# --- the walkthrough -------------------------------------------------------------------------------------------------

echo "Walkthrough against $route"

if ! curl -sS --max-time 10 -o /dev/null "$gateway/"; then
    fail 'the gateway answers' 'no connection'
    echo "$passed passed, $failed failed"
    exit 1
fi

echo '--- route and credentials'
call "$route" -u "$user_pass"
has_status 'GET on the route' 405
call "$gateway/nope" -X POST -u "$user_pass" -d '{}'
has_status 'unknown path' 404
call "$route" -X POST -d "$body"
is_unauthorized 'no credentials' 'Missing authorization in request'
call "$route" -X POST -u "${user_pass%%:*}:wrong-$nonce" -d "$body"
is_unauthorized 'wrong password' 'Invalid user authorization'
call "$route" -X POST -u "nobody-$nonce:${user_pass#*:}" -d "$body"
is_unauthorized 'unknown user' 'Invalid user authorization'
call "$route" -X POST -H 'Authorization: Bearer x' -d "$body"
is_unauthorized 'another scheme' 'Invalid authorization in request'
call "$route" -X POST -H 'Authorization: Basic !!!!' -d "$body"
is_unauthorized 'bad base64' 'Invalid authorization in request'

echo '--- limit and cache'
# None of the calls above may have spent anything. Who used the gateway shortly before has left a window open, an answer in the
# cache, or both: then wait, and ask what nobody has asked yet.
ask "$body"
for attempt in 1 2 3; do
    if [[ $status == 200 && $(header X-RateLimit-Remaining) == 1 && $(header Apisix-Cache-Status) == MISS ]]; then
        break
    fi
    open_for=$(number Retry-After "$(number X-RateLimit-Reset 0)")
    if ((open_for == 0)); then
        break # No limit is at work; the checks will say so.
    fi
    if [[ $status == 200 ]]; then
        body=$(prompt "Write a brief product description for Apple 13 pro, $nonce-$attempt")
    fi
    wait_for $((open_for + 1)) 'a window was open, or the answer was in the cache'
    ask "$body"
done
stored_at=$SECONDS
is_completion 'call 1' 1
has_header 'call 1' Apisix-Cache-Status MISS
hides_upstream 'call 1'
cp "$dir/body" "$dir/first"

ask "$body"
is_completion 'call 2' 0
has_header 'call 2' Apisix-Cache-Status HIT
hides_upstream 'call 2'
if [[ -s $dir/first ]] && cmp -s "$dir/first" "$dir/body"; then ok 'call 2: the same body'; else fail 'call 2: the same body' 'it differs'; fi

ask "$body"
is_error 'call 3' 403 "$rejected"
has_header 'call 3' X-RateLimit-Limit 2
has_header 'call 3' X-RateLimit-Remaining 0
between 'call 3: X-RateLimit-Reset within the window' "$(header X-RateLimit-Reset)" 1 "$window"
between 'call 3: Retry-After within the window' "$(header Retry-After)" 1 "$window"
has_no_header 'call 3' Apisix-Cache-Status
retry_after=$(number Retry-After "$window")

call "$route" -X POST -d "$body"
is_unauthorized 'no credentials over the limit' 'Missing authorization in request'

wait_for $((retry_after + 1)) 'the window ends'
ask "$body"
is_completion 'call 4, in the next window' 1
if [[ $(header Apisix-Cache-Status) != HIT ]]; then stored_at=$SECONDS; fi

ask "$(prompt "Write a brief product description for a red bicycle, $nonce")"
is_completion 'another prompt' 0
has_header 'another prompt' Apisix-Cache-Status MISS
if [[ $standin != fixed ]]; then
    if cmp -s "$dir/first" "$dir/body"; then fail 'another prompt: another answer' 'it is the first one'; else ok 'another prompt: another answer'; fi
fi

if [[ $standin != fixed || -n $ttl ]]; then
    wait_for $(($(number X-RateLimit-Reset "$window") + 1)) 'the window ends'
fi

if [[ $standin != fixed ]]; then
    echo '--- stream'
    ask "${body%\}*},\"stream\":true}"
    has_status 'stream' 200
    matches 'stream: Content-Type' "$(header Content-Type)" '^text/event-stream'
    matches 'stream: begins with an event' "$(head -n 1 "$dir/body")" '^data: \{'
    has_member 'stream' object text_completion
    equals 'stream: ends in [DONE]' "$(grep -v '^[[:space:]]*$' "$dir/body" | tail -n 1 | tr -d '\r')" 'data: [DONE]'
    has_header 'stream' X-RateLimit-Remaining 1
    hides_upstream 'stream'
fi

if [[ -n $ttl ]]; then
    echo '--- expiry'
    left=$((stored_at + ttl + 1 - SECONDS))
    if ((left > 0)); then wait_for "$left" 'the stored answer grows old'; fi
    ask "$body"
    has_status 'after the TTL' 200
    has_header 'after the TTL' Apisix-Cache-Status EXPIRED
fi

echo "$passed passed, $failed failed"
((failed == 0))
