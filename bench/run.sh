#!/usr/bin/env bash
# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# Builds the benches for this machine and runs them, from any folder; on Debian it installs what is missing.
#   bench/run.sh [--filter REGEX] [--json FILE] [--compare OLD.json]
#   --filter    only rows whose name matches, such as 'prefill/f32|decode'
#   --json      where the rows go (build folder/bench.json)
#   --compare   an earlier file: prints what changed
# HEED_BUILD_DIR names the build folder (build/bench), CXX the compiler, HEED_HOST_ISA_FLAGS another instruction set:
#   HEED_BUILD_DIR=build/bench-avx2 HEED_HOST_ISA_FLAGS='-mavx2;-mfma;-mf16c' bench/run.sh --filter prefill
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${HEED_BUILD_DIR:-$root/build/bench}
filter=. json=$build/bench.json compare=()
while [ $# -gt 0 ]; do
  case $1 in
  --filter | --json | --compare)
    [ $# -ge 2 ] || { echo "$1 wants a value" >&2; exit 2; }
    case $1 in
    --filter) filter=$2 ;;
    --json) json=$2 ;;
    --compare)
      [ -r "$2" ] || { echo "--compare: $2 can't be read" >&2; exit 2; }
      compare=(--compare "$2")
      ;;
    esac
    shift 2
    ;;
  *)
    sed -n '4,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
  esac
done

"$root/cmake/install_packages.sh" cmake ninja-build g++ python3 libxsimd-dev libbenchmark-dev >&2
mkdir -p "$build"
log=$build/run.log
step() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }
echo "build in $build" >&2
step cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DHEED_BUILD_TESTS=OFF \
  -DHEED_BUILD_EXAMPLES=OFF -DHEED_BUILD_BENCHES=ON -DHEED_HOST_ISA_FLAGS="${HEED_HOST_ISA_FLAGS:--march=native}"
step cmake --build "$build" --target heed_bench

commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain -- include bench 2>/dev/null)" ] || commit=$commit+changes
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
model=$(sed -n 's/^model\t*: //p' /proc/cpuinfo | head -n 1)
family=$(sed -n 's/^cpu family[^:]*: //p' /proc/cpuinfo | head -n 1)
# Google Benchmark's own names go on behind the mask: a $ means the end of ours.
filter=${filter//\$/(\/iterations.*)?\$}
started=$SECONDS
# Google Benchmark says on standard error what it does; the table comes at the end.
"$build/bench/heed_bench" --benchmark_filter="$filter" --benchmark_out="$json" --benchmark_out_format=json \
  --benchmark_context=commit="$commit" --benchmark_context=cpu="${cpu:-unknown} family ${family:-?} model ${model:-?}" \
  >"$build/rows.log" 2>&1 &
bench=$!
trap 'kill $bench 2>/dev/null || true' EXIT
while kill -0 "$bench" 2>/dev/null; do
  sleep 1
  [ -t 2 ] && printf '\r%4d s  %-70.70s' $((SECONDS - started)) "$(grep -o '^[a-z]*/[^ ]*' "$build/rows.log" | tail -n 1)" >&2
done
[ -t 2 ] && printf '\r%80s\r' '' >&2
wait "$bench" || { cat "$build/rows.log" >&2; exit 1; }
trap - EXIT
[ -s "$json" ] || { echo "no row matches the filter: $filter" >&2; exit 1; }
python3 "$root/bench/table.py" "$json" "${compare[@]}"
echo "$((SECONDS - started)) s; rows in $json"
