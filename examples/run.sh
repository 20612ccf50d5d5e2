#!/usr/bin/env bash
# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# The main job, from any folder; on Debian it installs what is missing and builds first.
#   examples/run.sh               hidden facts in long text: what each cache policy keeps and costs (about a minute)
#   examples/run.sh recall ...    the same with options: heed_needle (--help lists them)
#   examples/run.sh profile ...   what each head of the model is for: heed_profile, which writes into
#                                 examples/needle_model/profile, or --out
#   examples/run.sh --prompt TEXT --tokens N ...   continues a text: heed_generate with the shipped model, or --model
# Pictures and tables go to needle_out in the current folder. HEED_BUILD_DIR names the build folder (build/examples).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${HEED_BUILD_DIR:-$root/build/examples}
model=$root/examples/needle_model/needle.gguf

# What building says goes to a log, and on standard error only if it fails: standard output is the program's.
"$root/cmake/install_packages.sh" cmake ninja-build g++ libxsimd-dev libeigen3-dev >&2
mkdir -p "$build"
log=$build/run.log
step() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }
[ -f "$build/heed_built" ] || echo "building in $build (once, a minute or two)" >&2
step cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DHEED_BUILD_TESTS=OFF -DHEED_BUILD_BENCHES=OFF \
  -DHEED_BUILD_EXAMPLES=ON
step cmake --build "$build" --target heed_generate heed_needle heed_profile
touch "$build/heed_built"

program=heed_generate
case ${1-recall} in
recall) program=heed_needle ;;
profile) program=heed_profile ;;
esac
[ $program = heed_generate ] || shift $(($# > 0))
for argument in "$@"; do
  case $argument in
  --model) exec "$build/examples/$program" "$@" ;;
  esac
done
exec "$build/examples/$program" --model "$model" "$@"
