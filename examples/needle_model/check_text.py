# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Checks, with the standard library alone: text and tokens agree both ways, prompts keep their word, golden prompts hold."""

import json
import pathlib

import vocabulary as v
from text import draw_prompt, is_test


def main():
    words, passed, failed = v.make_tokenizer(), 0, 0

    def check(right, what):
        nonlocal passed, failed
        passed, failed = passed + bool(right), failed + (not right)
        if not right:
            print("failed:", what)

    for seed in range(2000):
        length, depth = 63 + seed % 300, seed % 101
        p = draw_prompt(seed, length, depth)
        whole = p.tokens + p.answer + [v.STOP]
        check(words.encode(words.decode(whole)) == whole, f"round trip of seed {seed}")
        fact = p.tokens[p.fact_at:p.fact_at + 5]
        asked = p.tokens[-1]
        check(len(p.tokens) == length and fact == [v.FACT, asked, *p.answer, v.STOP] and p.tokens.count(asked) == 2
              and all(is_test(k - v.FIRST_KEY, a - v.FIRST_VALUE, b - v.FIRST_VALUE) for k, a, b in p.facts),
              f"prompt of seed {seed}")
    golden = json.loads((pathlib.Path(__file__).parent / "needle_prompts.json").read_text(encoding="utf-8"))
    for g in golden:
        p = draw_prompt(g["seed"], g["length"], g["depth"], g["facts"], g["decoys"])
        check((p.tokens, p.answer, p.fact_at) == (g["tokens"], g["answer"], g["fact_at"]), f"golden seed {g['seed']}")
        check(words.encode(g["text"]) == g["tokens"], f"text of golden seed {g['seed']}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    raise SystemExit(main())
