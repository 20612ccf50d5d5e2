#!/usr/bin/env bash
# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# Recall of the shipped model at context 1024 through cache policies: 500 questions each, with the question in the prompt
# and with the question after the eviction. Writes the table to examples/needle/evict_recall.txt, or to the file named
# first; some minutes of one core.
#   examples/needle/evict_recall.sh [FILE [HEED_NEEDLE]]      SAMPLES: prompts for each of ten depths (50)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
file=${1:-$root/examples/needle/evict_recall.txt}
program=${2:-$root/build/examples/examples/heed_needle}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
first=1
ask() { # ask WHEN POLICY: one row
  "$program" --model "$root/examples/needle_model/needle.gguf" --out "$out" --contexts 1024 --depths 10 \
    --samples "${SAMPLES:-50}" --threads 1 --ask "$1" --policy "$2" >"$out/said"
  [ "$first" = 0 ] || sed -n 's/^policy /question policy /p' "$out/said"
  first=0
  sed -n '/^policy /{n;p}' "$out/said" | sed "s/^/$(printf '%-8s' "$1") /"
}
{
  ask prompt full
  for policy in compress_kv snap_kv h2o; do ask prompt "$policy:budget=0.1"; done
  for heads in duo_attention:full=0.5 duo_attention:full=0.5,gates=position razor_attention:local=0.2; do
    ask prompt "$heads"
  done
  ask late full
  for policy in compress_kv snap_kv h2o; do ask late "$policy:budget=0.1"; done
  for heads in duo_attention:full=0.5 razor_attention:local=0.2; do ask late "$heads"; done
} | tee "$file"
