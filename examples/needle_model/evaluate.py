# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Recall of the asked fact on unseen pairs, by context length and depth."""

import argparse
import pathlib

import numpy as np
import torch

from model import needle_model
from text import draw_prompt

DEPTHS = list(range(0, 101, 10))


@torch.no_grad()
def recall(model, length, samples, first_seed=1 << 32, facts=8, decoys=4, tokens_at_once=16384):
    """[samples]: 1 where both value tokens are right under greedy choice; sample i has depth DEPTHS[i % 11]."""
    right = []
    rows = max(1, tokens_at_once // length)
    for begin in range(0, samples, rows):
        some = [draw_prompt(first_seed + i, length, DEPTHS[i % len(DEPTHS)], facts, decoys)
                for i in range(begin, min(begin + rows, samples))]
        # The first right value is appended: where it was not chosen the sample counts as wrong anyway.
        tokens = torch.tensor([p.tokens + p.answer[:1] for p in some])
        places = torch.arange(tokens.shape[1]).expand(tokens.shape)
        chosen = model.logits(model.hidden(tokens, places)[:, -2:]).argmax(-1)
        right.append((chosen == torch.tensor([p.answer for p in some])).all(1).numpy())
    return np.concatenate(right).astype(float)


def table(model, lengths, samples):
    lines = ["| context | all | " + " | ".join(f"{d} %" for d in DEPTHS) + " |",
             "| ---: " * (2 + len(DEPTHS)) + "|"]
    for length in lengths:
        right = recall(model, length, samples)
        by_depth = [right[i::len(DEPTHS)].mean() for i in range(len(DEPTHS))]
        lines.append(f"| {length} | {right.mean():.3f} | " + " | ".join(f"{r:.3f}" for r in by_depth) + " |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("model", type=pathlib.Path, help="a GGUF or a checkpoint")
    args.add_argument("--samples", type=int, default=500)
    args.add_argument("--lengths", type=int, nargs="+", default=[128, 256, 512, 1024, 2048])
    args = args.parse_args()
    model = needle_model()
    if args.model.suffix == ".gguf":
        from export_gguf import load_gguf
        load_gguf(args.model, model)
    else:
        model.load_state_dict(torch.load(args.model)["model"])
    print(table(model, args.lengths, args.samples))


if __name__ == "__main__":
    main()
