#!/bin/sh
# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# Trains the needle model from nothing and writes needle.gguf, needle_greedy.json and train.log beside this script.
# Work files go to $1 (default: build/needle under the current folder). Started again, it goes on where it stopped.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-build/needle}
mkdir -p "$work"
if [ ! -x "$work/venv/bin/python" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install torch numpy gguf
fi
export OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=2
nice -n 5 "$work/venv/bin/python" "$here/train.py" --work "$work"
"$work/venv/bin/python" "$here/export_gguf.py" "$work/final.pt" "$here/needle.gguf"
"$work/venv/bin/python" "$here/evaluate.py" "$here/needle.gguf"
"$work/venv/bin/python" "$here/make_reference.py" --gguf "$here/needle.gguf"
cp "$work/train.log" "$here/train.log"
