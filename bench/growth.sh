#!/usr/bin/env bash
# How cost grows, what an open stream holds, and a soak; writes the tables of bench/README.md. All on loopback; it ends by itself.
# A try: bench/growth.sh --requests 2000 --warm 2000 --divide 100 --streams 50 --soak 20000
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
dotnet build bench/Growth -c Release -v quiet > /dev/null
exec dotnet artifacts/bin/Growth/release/Growth.dll "$@"
