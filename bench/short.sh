#!/usr/bin/env bash
# Runs every benchmark once, to prove that it works; no time is looked at. Needs a built solution (Release).
# The last line is the sum: "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
exec dotnet artifacts/bin/OpenAi.Gateway.Benchmarks/release/OpenAi.Gateway.Benchmarks.dll --short
