#!/usr/bin/env bash
# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# Builds and runs the default test suite, from any folder; on Debian it installs what is missing. Arguments go to ctest:
#   tests/run.sh                 everything
#   tests/run.sh -R mask         only tests whose name matches
# HEED_BUILD_DIR names the build folder (build/dev), HEED_JOBS how many processes work at a time (all CPUs).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
build=${HEED_BUILD_DIR:-$root/build/dev}
jobs=${HEED_JOBS:-$(nproc)}

"$root/cmake/install_packages.sh" cmake ninja-build g++ python3 libxsimd-dev libgtest-dev libbenchmark-dev libeigen3-dev

mkdir -p "$build"
echo "configure: preset dev in $build"
cmake --preset dev -B "$build" >"$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; exit 1; }
echo "build: $jobs at a time"
cmake --build "$build" -j "$jobs" -- --quiet
# ctest says that a test was skipped, but not why.
for test in "$build"/tests/test_simd_*; do
  [ -f "$test" ] && [ -x "$test" ] || continue
  why=$("$test" --gtest_list_tests 2>/dev/null | head -n 1) || true
  case $why in skipped:*) echo "tests for ${test##*/test_simd_} are built, and $why" ;; esac
done
echo "test"
exec ctest --test-dir "$build" --output-on-failure --no-label-summary -j "$jobs" "$@"
