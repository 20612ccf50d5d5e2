#!/usr/bin/env bash
# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# Recall of the shipped model with its whole cache by context and depth: 500 questions in each of 3 x 11 cells, on prompts
# that training never showed. Writes the table to examples/needle/full_recall.txt, or to the file named first; about a
# quarter of an hour of one core.
#   examples/needle/full_recall.sh [FILE [HEED_NEEDLE]]      SAMPLES: prompts of a cell (500), THREADS: of a run (1)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
file=${1:-$root/examples/needle/full_recall.txt}
program=${2:-$root/build/examples/examples/heed_needle}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$program" --model "$root/examples/needle_model/needle.gguf" --out "$out" --contexts 256,1024,2048 --depths 11 \
  --samples "${SAMPLES:-500}" --threads "${THREADS:-1}" --policy full >/dev/null
awk -F, 'NR > 1 { # policy,setting,context,depth,samples,recalled,...
  if ($3 != context) { if (context) print line; context = $3; line = sprintf("context %4d, right of %d at 0, 10 ... 100 %%:", $3, $5) }
  line = line sprintf(" %d", $6)
  if (least == "" || $6 / $5 < least) { least = $6 / $5; where = sprintf("context %d, depth %d %%", $3, $4) }
} END { print line; printf "least: %.1f %% (%s)\n", 100 * least, where }' "$out/needle.csv" | tee "$file"
