#!/usr/bin/env python3
# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Writes tests/differential/pairs.hpp and its parts: a covering array in which every two values of two axes of the
differential test meet at least once. Run it from anywhere after an axis changed; the result is the same every time."""
import itertools
import pathlib
import random

AXES = [
    ("numbers", "f32 f64 b16 h16 f32_b16 f32_h16 b16_f32 h16_f32".split()),
    ("mask", ("full causal sliding_window key_lengths document_causal prefix_lm chunked_local sinks_window tree "
              "bit_matrix byte_matrix user").split()),
    ("score", ("none soft_cap alibi relative_bias dense_bias log_n row_scale user user_vectors cap_alibi "
               "alibi_cap").split()),
    ("source", "contiguous paged ring ragged biased gathered joined head_split user".split()),
    ("epilogue", "store lse sink_logit lse_sink key_sums probability_rows all_of_them".split()),
]
PER_PART = 10
LICENCE = "// Copyright (c) 2026 the heed authors\n// SPDX-License-Identifier: MIT\n"


def covering_array(sizes, tries=60):
    """Greedy: of many rows that each take the best value axis by axis, the one that meets most open pairs."""
    pick = random.Random(1)
    axes = range(len(sizes))
    open_pairs = {(a, i, b, j) for a, b in itertools.combinations(axes, 2)
                  for i in range(sizes[a]) for j in range(sizes[b])}
    rows = []

    def met(row, axis, value):
        return sum(((axis, value, o, v) if axis < o else (o, v, axis, value)) in open_pairs for o, v in row.items())

    while open_pairs:
        best, most = None, -1
        for _ in range(tries):
            a, i, b, j = pick.choice(sorted(open_pairs))
            row = {a: i, b: j}
            for axis in pick.sample([x for x in axes if x not in row], len(sizes) - 2):
                scores = [met(row, axis, v) for v in range(sizes[axis])]
                row[axis] = pick.choice([v for v, s in enumerate(scores) if s == max(scores)])
            pairs = {(a, row[a], b, row[b]) for a, b in itertools.combinations(axes, 2)}
            if len(pairs & open_pairs) > most:
                best, most = row, len(pairs & open_pairs)
        open_pairs -= {(a, best[a], b, best[b]) for a, b in itertools.combinations(axes, 2)}
        rows.append(tuple(best[a] for a in axes))
    return sorted(rows)


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent / "differential"
    rows = covering_array([len(values) for _, values in AXES])
    # Parts that mix the types compile in about the same time.
    parts = [rows[i::(len(rows) + PER_PART - 1) // PER_PART] for i in range((len(rows) + PER_PART - 1) // PER_PART)]
    text = LICENCE + "#pragma once\n"
    text += f"// Made by tests/support/make_pairs.py: {len(rows)} lines in which all pairs of values meet.\n"
    text += "// clang-format off\n\nnamespace heed::test {\n"
    text += "struct axis {\n  const char* name;\n  int size;\n  const char* values[16];\n};\n"
    text += "inline constexpr axis axes[] = {\n"
    for name, values in AXES:
        text += f'    {{"{name}", {len(values)}, {{' + ", ".join(f'"{v}"' for v in values) + "}},\n"
    text += f"}};\ninline constexpr int pair_lines = {len(rows)};\n}} // namespace heed::test\n"
    for old in folder.glob("part_*_test.cpp"):
        old.unlink()
    for n, part in enumerate(parts):
        text += f"\n#define HEED_PAIRS_{n:02}(X) \\\n"
        text += " \\\n".join("  X(" + ", ".join(map(str, row)) + ", " +
                             ", ".join(AXES[a][1][v] for a, v in enumerate(row)) + ")" for row in part) + "\n"
        (folder / f"part_{n:02}_test.cpp").write_text(
            LICENCE + f"// Lines of the covering array, part {n}. Made by tests/support/make_pairs.py.\n"
            "#include <differential/instantiate.hpp>\n#include <differential/pairs.hpp>\n\n"
            f"namespace {{\nHEED_PAIRS_{n:02}(HEED_DIFFERENTIAL_CASE)\n}} // namespace\n")
    (folder / "pairs.hpp").write_text(text)
    print(f"{len(rows)} lines in {len(parts)} parts")


if __name__ == "__main__":
    main()
