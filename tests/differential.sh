#!/usr/bin/env bash
# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# Random calls against the oracle, many more than the default suite runs:
#   tests/differential.sh [CASES]    default 1000000; another seed each time unless HEED_TEST_SEED is set
# Uses the build folder of tests/run.sh (HEED_BUILD_DIR, build/dev) and HEED_JOBS processes (all CPUs).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cases=${1:-1000000}
build=${HEED_BUILD_DIR:-$root/build/dev}
jobs=${HEED_JOBS:-$(nproc)}
seed=${HEED_TEST_SEED:-$(date +%s)}

if [ ! -f "$build/CMakeCache.txt" ]; then
  mkdir -p "$build"
  cmake -S "$root" --preset dev -B "$build" >"$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; exit 1; }
fi
cmake --build "$build" -j "$jobs" --target test_differential
each=$(((cases + jobs - 1) / jobs))
logs=$(mktemp -d)
pids=()
started=$SECONDS
for ((job = 0; job < jobs; job++)); do
  HEED_TEST_SEED=$((seed + job)) HEED_TEST_CASES=$each "$build/tests/test_differential" \
    --gtest_filter='differential.random_calls_equal_the_oracle' >"$logs/$job" 2>&1 &
  pids+=($!)
done
failed=0
for ((job = 0; job < jobs; job++)); do
  wait "${pids[job]}" || failed=$((failed + 1))
  grep -vE '^\[(=|-| RUN| +OK| +PASSED)|^Running|^Note' "$logs/$job" || true
done
rm -r "$logs"
echo "$((each * jobs)) cases in $((SECONDS - started)) s, seed $seed: $((jobs - failed)) passed, $failed failed"
[ "$failed" = 0 ]
