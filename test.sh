#!/usr/bin/env bash
# Builds everything, checks its format and runs every test. The last line is the sum: "N passed, N failed[, N skipped]".
set -euo pipefail
cd "$(dirname "$0")"
exec < /dev/null

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# No build server stays behind.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false

passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

step() { printf '\n==> %s\n' "$*"; }

# Adds one failure, for what is not a test: the sum must never look green when something went wrong.
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    failed=$((failed + 1))
}

# Ends with the one line of the sum.
finish() {
    local line="$passed passed, $failed failed"
    ((skipped == 0)) || line+=", $skipped skipped"
    printf '\n%s\n' "$line"
    ((failed == 0 && passed > 0))
    exit
}

install() { # <command> <what it is> <apt package>...
    local root=()
    ((EUID == 0)) || root=(sudo -n)
    if command -v apt-get > /dev/null && "${root[@]}" true 2> /dev/null; then
        step "Installing $2"
        "${root[@]}" apt-get update -qq || true
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:3}" || true
    fi
}

has_java() {
    local major
    major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    ((${major:-0} >= 17))
}
has_npm() { command -v node > /dev/null && command -v npm > /dev/null; }
has_curl() { command -v curl > /dev/null; }

need() { # <name of a has_ check> <what it is> <apt package>...
    "has_$1" 2> /dev/null || install "$@"
    "has_$1" 2> /dev/null || {
        echo "The tests need $2. Install it and run again (Debian, Ubuntu: apt-get install ${*:3})." >&2
        exit 1
    }
}

check_tools() {
    if ! dotnet --list-sdks 2> /dev/null | grep -q '^10\.'; then
        echo "The tests need the .NET 10 SDK. Install it and run again: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
        exit 1
    fi
    # No release of Debian or Ubuntu is without both.
    has_java 2> /dev/null || install java "Java 17" openjdk-17-jre-headless
    need java "Java 17 or newer (WireMock runs on it)" openjdk-21-jre-headless
    need npm "Node.js with npm (it brings WireMock)" nodejs npm
    need curl "curl" curl
}

install_wiremock() {
    local dir=tests/wiremock
    # npm writes this file at the end of every install.
    if [[ ! $dir/node_modules/.package-lock.json -nt $dir/package-lock.json ]]; then
        step "Installing WireMock"
        (cd $dir && npm ci --no-audit --no-fund)
    fi
}

# Adds the last line of the form "N passed, N failed[, N skipped]" in the log to the sum.
add_sum() { # <name> <exit code>
    local sum pattern='([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?'
    sum=$(grep -E "^$pattern\$" "$log" | tail -n 1 || true)
    local before=$failed
    if [[ $sum =~ $pattern ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
    else
        fail "$1 ended without its sum"
    fi
    if (($2 != 0 && failed == before)); then
        fail "$1 ended with exit code $2"
    fi
}

# The summary of `dotnet test` in our form.
dotnet_sum() {
    awk '/^ +(failed|succeeded|skipped): [0-9]+$/ { n[$1] = $2 }
        END { if ("succeeded:" in n) printf "%d passed, %d failed, %d skipped\n", n["succeeded:"], n["failed:"], n["skipped:"] }' "$log"
}

run_dotnet_tests() {
    local project code
    for project in tests/*Tests/*Tests.csproj; do
        step "$project"
        code=0
        dotnet test --project "$project" -c Release --no-build --no-progress --timeout 5m 2>&1 | tee "$log" || code=$?
        dotnet_sum >> "$log"
        add_sum "$project" "$code"
    done
}

# Runs a script whose last line is "N passed, N failed".
acceptance() { # <command>...
    local code=0
    step "$*"
    "$@" 2>&1 | tee "$log" || code=$?
    add_sum "$*" "$code"
}

check_tools
install_wiremock

step "Restore and build"
if ! dotnet restore Library.sln || ! dotnet build Library.sln -c Release --no-restore; then
    fail "the build"
    finish
fi

step "Format"
dotnet format Library.sln --verify-no-changes --no-restore || fail "the format: run dotnet format Library.sln"

run_dotnet_tests

# ---------------------------------------------------------------------------------------------------------------------
# Acceptance checks from the shell
# ---------------------------------------------------------------------------------------------------------------------
acceptance tests/package-acceptance.sh
acceptance tests/walkthrough-acceptance.sh
acceptance bench/short.sh

finish
