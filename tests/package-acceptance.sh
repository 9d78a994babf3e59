#!/usr/bin/env bash
# What a stranger does: packs the library, adds the package to a new web app outside the repository, copies the README's Program.cs and
# plays the README's call. Only the node's address is replaced, by the simulator's.
# One line for each check; the last line is the sum: "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
export NuGetAudit=false # asks the network

work=$(mktemp -d)
feed=$work/feed
app=$work/stranger
processes=()
passed=0
failed=0

clean_up() {
    local process
    for process in "${processes[@]}"; do kill "$process" 2> /dev/null || true; done
    wait
    rm -rf "$work"
}
trap clean_up EXIT

# --- checks ----------------------------------------------------------------------------------------------------------

ok() { printf 'ok   %s\n' "$1"; passed=$((passed + 1)); }
fail() { printf 'FAIL %s: %s\n' "$1" "$2"; failed=$((failed + 1)); }

finish() {
    echo "$passed passed, $failed failed"
    ((failed == 0))
    exit
}

# Runs a command. Without its success nothing else can be checked, so a failure shows its output and ends the script.
must() { # <what> <command>...
    if "${@:2}" > "$work/log" 2>&1; then
        ok "$1"
    else
        fail "$1" "exit code $?"
        tail -n 40 "$work/log"
        finish
    fi
}

holds() { if grep -Eq -e "$3" <<< "$2"; then ok "$1"; else fail "$1" "no '$3' in: $2"; fi; }
lacks() { if grep -Eq -e "$3" <<< "$2"; then fail "$1" "'$3' in: $2"; else ok "$1"; fi; }
has_file() { if [[ -s $1/$2 ]]; then ok "the package has $2"; else fail "the package has $2" 'it is missing or empty'; fi; }

# --- the package -----------------------------------------------------------------------------------------------------

must 'dotnet pack' dotnet pack src/OpenAi.Gateway -c Release -o "$feed"
lacks 'dotnet pack gives no warning' "$(cat "$work/log")" ': (warning|error) '
if compgen -G "$feed/OpenAi.Gateway.*.snupkg" > /dev/null; then ok 'symbols are packed'; else fail 'symbols are packed' 'no snupkg'; fi

# --- the stranger's app ----------------------------------------------------------------------------------------------

# No other package of that name or number can take its place: its only source is the feed, and it goes to a folder of its own.
export NUGET_PACKAGES=$work/packages
must 'dotnet new web' dotnet new web -o "$app"
cd "$app"
must 'dotnet add package' dotnet add package OpenAi.Gateway --source "$feed"

package=$(echo "$NUGET_PACKAGES"/openai.gateway/*)
for file in README.md icon.png ConfigurationSchema.json buildTransitive/OpenAi.Gateway.targets \
    lib/net10.0/OpenAi.Gateway.dll lib/net10.0/OpenAi.Gateway.xml; do
    has_file "$package" "$file"
done
nuspec=$(cat "$package/openai.gateway.nuspec")
holds 'the package names its licence' "$nuspec" '<license type="expression">Apache-2.0</license>'
holds 'the package names its readme' "$nuspec" '<readme>README.md</readme>'
holds 'the package names its icon' "$nuspec" '<icon>icon.png</icon>'
holds 'the package needs the ASP.NET Core framework' "$nuspec" '<frameworkReference name="Microsoft.AspNetCore.App" />'
lacks 'the package depends on no package' "$nuspec" '<dependency '
lacks 'nothing else was restored' "$(ls "$NUGET_PACKAGES" | grep -vx openai.gateway || true)" .

# The first block of a language in the README, the C# one being the whole Program.cs.
block() { awk -v fence="\`\`\`$1" '$0 == fence { inside = 1; next } /^```/ && inside { exit } inside' "$repository/README.md"; }
# The README's call, as it stands there.
call=$(awk '/^curl -i / { inside = 1 } /^```/ && inside { exit } inside' "$repository/README.md")

# --- the simulator ---------------------------------------------------------------------------------------------------

(unset NUGET_PACKAGES; cd "$repository"; dotnet build samples/OpenAiSimulator -c Release > "$work/log" 2>&1) || {
    fail 'the simulator builds' "$(tail -n 20 "$work/log")"
    finish
}

# Starts an ASP.NET Core app on a free port and leaves its address in $address.
start() { # <name> <dll> <environment>...
    local log=$work/$1.log tries
    : > "$log" # the app's own shell may create it later than the first look
    env "${@:3}" dotnet "$2" --urls http://127.0.0.1:0 > "$log" 2>&1 &
    processes+=($!)
    for ((tries = 0; tries < 300; tries++)); do
        address=$(sed -n 's/.*Now listening on: //p' "$log")
        [[ -z $address ]] || return 0
        kill -0 "${processes[-1]}" 2> /dev/null || break
        sleep 0.2
    done
    fail "$1 starts" "$(tail -n 20 "$log")"
    finish
}

start simulator "$repository/artifacts/bin/OpenAiSimulator/release/OpenAiSimulator.dll"

# --- the README, word by word ----------------------------------------------------------------------------------------

block csharp | sed "s|https://api.openai.com|$address|" > Program.cs
holds "the README's Program.cs has the node" "$(cat Program.cs)" "AddNode\(\"$address\""
must "the README's Program.cs builds without a warning" dotnet build -warnaserror -p:TreatWarningsAsErrors=true -p:AnalysisLevel=latest-recommended

# Without a key the app must not start: it says which setting is missing.
if (timeout 60 dotnet bin/Debug/net10.0/stranger.dll --urls http://127.0.0.1:0) > "$work/log" 2>&1; then
    fail 'without a key the app stops' 'exit code 0'
else
    holds 'without a key the app stops and names the setting' "$(cat "$work/log")" 'OpenAi__ApiKey'
fi

start stranger bin/Debug/net10.0/stranger.dll OpenAi__ApiKey=sk-acceptance
call=${call//http:\/\/127.0.0.1:9080/$address}

# The README's call, perhaps changed; leaves head and body in $answer.
play() { answer=$(eval "$1" 2> /dev/null | tr -d '\r'); }

play "${call/-u username1:password1 /}"
holds 'without credentials: 401' "$answer" '^HTTP/1.1 401 '
holds 'without credentials: the challenge' "$answer" '^WWW-Authenticate: Basic realm="basic", charset="UTF-8"$'
holds 'without credentials: the message' "$answer" '"error_msg":"Missing authorization in request"'

play "$call"
holds 'the first call: 200' "$answer" '^HTTP/1.1 200 '
holds 'the first call: a completion' "$answer" '"object": ?"text_completion"'
holds 'the first call: MISS' "$answer" '^X-Cache-Status: MISS$'
holds 'the first call: one left' "$answer" '^X-RateLimit-Remaining: 1$'
lacks 'the first call: no key, no cookie' "$answer" 'sk-acceptance|Set-Cookie'

play "$call"
holds 'the second call: 200' "$answer" '^HTTP/1.1 200 '
holds 'the second call: HIT' "$answer" '^X-Cache-Status: HIT$'
holds 'the second call: none left' "$answer" '^X-RateLimit-Remaining: 0$'

play "$call"
holds 'the third call: 403' "$answer" '^HTTP/1.1 403 '
holds 'the third call: the message' "$answer" '"error_msg":"Requests are too frequent, please try again later."'
holds 'the third call: Retry-After' "$answer" '^Retry-After: [0-9]+$'

play "${call/-X POST/-X PUT}"
holds 'another method: 405' "$answer" '^HTTP/1.1 405 '

play "curl -s $(sed 's|/v1.*||' <<< "$(sed -n 's/.*AddNode("\([^"]*\)".*/\1/p' Program.cs)")/simulator/requests"
holds 'the upstream was asked once' "$answer" '"model_calls": ?1[,}]'
holds 'the upstream got the key' "$answer" '"Authorization": ?"Bearer sk-acceptance"'

finish
