# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""bench/table.py prints, compares and writes every kind of row that heed_bench makes: bench_table.py ROOT."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = sys.argv[1]
MEASURED = {"share_min": 0.8, "share_max": 0.9, "busy": 1.0}
BY_FLOPS = {"flop/s": 2e11, "of_peak": 0.85, "calibrated_flop/s": 2.3e11, **MEASURED}
BY_BYTES = {"byte/s": 3e10, "of_bandwidth": 0.75, "calibrated_byte/s": 4e10, **MEASURED}
ROWS = {
    "prefill/f32/h8_s2048_d128/full": BY_FLOPS,
    "decode/f32/h32_kv8_s16384_d128/full": BY_BYTES,
    "roles/f32/h8_s2048_d128/full+lse": {**BY_FLOPS, "of_plain": 0.97},
    "evict/f32/llama3_8b_s4096_b512/snap_kv": {"of_prefill": 0.011, "prefill_ms": 690.0},
    "evict/f32/llama3_8b_s4096_b512/snap_kv/choose": {},
    "evict/f32/llama3_8b_s4096_b512/snap_kv/compact": {"bytes/s": 9.6e9, "of_bandwidth": 0.247},
}


def table(*arguments):
    return subprocess.run([sys.executable, os.path.join(ROOT, "bench", "table.py"), *arguments],
                          check=True, capture_output=True, text=True).stdout


def rows_file(folder, name, milliseconds):
    path = os.path.join(folder, name)
    rows = [{"name": row + "/iterations:1/manual_time", "real_time": milliseconds, **counters} for row, counters in ROWS.items()]
    with open(path, "w") as file:
        json.dump({"context": {"num_cpus": 2, "date": "2026-01-01T00:00:00"}, "benchmarks": rows}, file)
    return path


def main():
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        new, old = rows_file(folder, "new.json", 4.0), rows_file(folder, "old.json", 5.0)
        printed = table(new)
        faults += [f"{row} is not printed" for row in ROWS if row + " " not in printed]
        for wanted in ("85.0 % of    230.0 Gflop/s", "75.0 %", "0.97 of plain", "1.1 % of the prompt's attention", "9.6 GB/s, 24.7 %"):
            if wanted not in printed and wanted.replace("of    ", "of ") not in " ".join(printed.split()):
                faults.append(f"'{wanted}' is not printed")
        if f"{len(ROWS)} rows within" not in table(new, "--compare", old):
            faults.append("--compare does not count all rows")
        readme = os.path.join(folder, "README.md")
        with open(readme, "w") as file:
            file.write("before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n")
        table(new, "--readme", readme)
        with open(readme) as file:
            written = file.read()
        faults += [f"{row} is not in the README's table" for row in ROWS if "roles/" not in row and f"`{row}`" not in written]
        if not written.startswith("before\n") or not written.endswith("\nafter\n") or "lse 0.97" not in written:
            faults.append("--readme changes more or less than the table")
    for fault in faults:
        print(fault)
    print(f"{len(ROWS)} rows, {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main())
