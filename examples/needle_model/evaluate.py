# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Recall of the asked fact on unseen pairs, by context length and depth."""

import argparse
import pathlib

import numpy as np
import torch

from model import HEAD_DIM, HEADS, KV_HEADS, needle_model, turns
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


@torch.no_grad()
def retrieval(model, length, samples, first_seed=1 << 33):
    """[layers][heads]: how much attention the question's last token pays to the first value of the asked fact."""
    score = torch.zeros(len(model.blk), HEADS)
    for i in range(samples):
        p = draw_prompt(first_seed + i, length, DEPTHS[i % len(DEPTHS)])
        turn = turns(torch.arange(length)[None])
        x = model.token_embd(torch.tensor([p.tokens]))
        for layer, block in enumerate(model.blk):
            q, k = block.queries_and_keys(block.attn_norm(x), turn)
            k = k[0].repeat_interleave(HEADS // KV_HEADS, 1)
            weights = (torch.einsum("hd,khd->hk", q[0, -1], k) * HEAD_DIM ** -0.5).softmax(-1)
            score[layer] += weights[:, p.fact_at + 2] / samples
            x = block(x, turn)
    return score


def table(model, lengths, samples):
    print("| context | all | " + " | ".join(f"{d} %" for d in DEPTHS) + " |")
    print("| ---: " * (2 + len(DEPTHS)) + "|")
    for length in lengths:
        right = recall(model, length, samples)
        by_depth = [right[i::len(DEPTHS)].mean() for i in range(len(DEPTHS))]
        print(f"| {length} | {right.mean():.3f} | " + " | ".join(f"{r:.3f}" for r in by_depth) + " |", flush=True)


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
    table(model, args.lengths, args.samples)
    print("attention of each head, by layer, from the question to the answer, context 512:")
    for row in retrieval(model, 512, 44):
        print(" ".join(f"{x:.2f}" for x in row))


if __name__ == "__main__":
    main()
