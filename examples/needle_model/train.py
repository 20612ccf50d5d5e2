# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Trains the needle model on the CPU; fixed seed, resumable, every decision by step counts."""

import argparse
import math
import os
import pathlib
import time
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

import batches
from evaluate import recall
from model import needle_model

SEED = 1


class stage(NamedTuple):
    until: int       # step
    lengths: tuple   # one is drawn for each step
    reach: int       # positions stay below
    repeats: float   # share of samples that are repeated random strings
    prose: float     # share of the filler tokens that are scored
    crowded: float   # share of the other samples whose facts take their values from twelve only


STAGES = [
    stage(300, (32, 48, 64), 640, 0.40, 0.05, 0.0),
    stage(700, (64, 96, 128), 2304, 0.30, 0.30, 0.0),
    stage(900, (128, 192, 256, 512), 3072, 0.20, 1.00, 0.0),
    stage(1300, (256, 512, 1024, 2048), 4096, 0.15, 1.00, 0.0),
    # What was still wrong then: the second value, where the first one stood in two facts.
    stage(1580, (96, 128, 192, 256, 512, 1024, 2048), 4096, 0.15, 1.00, 0.4),
]
TOKENS = 4096
TOTAL = STAGES[-1].until
# from step, to step, first rate: cosine to zero; the later one cuts the earlier one short
DECAYS = [(1300, TOTAL, 0.2), (700, 1500, 1.0)]
MATRIX_RATE, OTHER_RATE, WARM_UP = 0.02, 3e-3, 100
WEIGHT = torch.tensor([0.0, 1.0, 0.5, 0.05])  # by kind of target: none, answer, repeat, prose


class muon(torch.optim.Optimizer):
    """Momentum, then the nearest orthogonal matrix by five Newton-Schulz steps (Jordan et al. 2024)."""

    def __init__(self, params, lr, momentum=0.95, weight_decay=0.01):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            by_shape = {}
            for p in group["params"]:
                buffer = self.state[p].setdefault("momentum_buffer", torch.zeros_like(p))
                buffer.lerp_(p.grad, 1 - group["momentum"])
                by_shape.setdefault(p.shape, []).append((p, torch.lerp(p.grad, buffer, group["momentum"])))
            for shape, pairs in by_shape.items():
                updates = orthogonal(torch.stack([g for _, g in pairs]))
                scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for (p, _), update in zip(pairs, updates):
                    p.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-scale)


def orthogonal(g):
    x = g.mT if g.shape[1] > g.shape[2] else g
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return x.mT if g.shape[1] > g.shape[2] else x


def make_optimizers(model):
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embd" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embd" in n]
    return [muon(matrices, MATRIX_RATE),
            torch.optim.AdamW(others, OTHER_RATE, betas=(0.9, 0.95), weight_decay=0.0)]


def rate(step):
    for begin, end, first in DECAYS:
        if begin <= step < end:
            return first * (0.5 + 0.5 * math.cos(math.pi * (step - begin) / (end - begin)))
    return min(1.0, (step + 1) / WARM_UP)


def draw(source, step):
    now = next(s for s in STAGES if step < s.until)
    rng = np.random.default_rng((SEED, 7, step))
    length = now.lengths[int(rng.integers(len(now.lengths)))]
    text, kinds, places = source.batch(step, TOKENS // length, length, now)
    keep = (kinds != batches.PROSE) | (rng.random(kinds.shape) < now.prose)
    kinds = np.where(keep, kinds, 0)[:, 1:]
    return (torch.from_numpy(text[:, :-1]), torch.from_numpy(places[:, :-1]),
            torch.from_numpy(text[:, 1:].copy()), torch.from_numpy(kinds.astype(np.int64)))


def train_step(model, optimizers, data, autocast):
    tokens, places, targets, kinds = data
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        hidden = model.hidden(tokens, places)
        scored = kinds > 0
        logits = model.logits(hidden[scored]).float()
    losses = F.cross_entropy(logits, targets[scored], reduction="none")
    weights = WEIGHT[kinds[scored]]
    (losses * weights).sum().div(weights.sum()).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
    model.zero_grad(set_to_none=True)
    with torch.no_grad():
        return [float(losses[kinds[scored] == k].mean()) for k in (batches.ANSWER, batches.REPEAT, batches.PROSE)]


def save(path, step, model, optimizers):
    part = path.with_suffix(".part")
    torch.save({"step": step, "model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers]}, part)
    part.replace(path)


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--work", type=pathlib.Path, required=True, help="folder for checkpoints and the log")
    args.add_argument("--start-from", type=pathlib.Path, help="a GGUF whose weights to start from")
    args.add_argument("--from-step", type=int, default=0, help="with --start-from: where in the schedule to begin")
    args.add_argument("--pid-file", type=pathlib.Path)
    args.add_argument("--steps", type=int, default=TOTAL, help="stop early; the schedule does not change")
    args.add_argument("--float32", action="store_true", help="no bfloat16 autocast")
    args = args.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.pid_file:
        args.pid_file.write_text(str(os.getpid()))
    torch.manual_seed(SEED)
    torch.set_num_threads(min(2, os.cpu_count()))
    model = needle_model()
    optimizers = make_optimizers(model)
    source, start, checkpoint = batches.sampler(SEED), 0, args.work / "checkpoint.pt"
    log = open(args.work / "train.log", "a")

    def say(line):
        print(line, flush=True)
        print(line, file=log, flush=True)

    if checkpoint.exists():
        state = torch.load(checkpoint)
        start = state["step"]
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
        say(f"resumed at step {start}")
    elif args.start_from:
        from export_gguf import load_gguf
        load_gguf(args.start_from, model)
        start = args.from_step
        say(f"weights from {args.start_from.name}, schedule from step {start}")
    sums, begun = [], time.process_time()
    for step in range(start, min(args.steps, TOTAL)):
        for optimizer, peak in zip(optimizers, (MATRIX_RATE, OTHER_RATE)):
            for group in optimizer.param_groups:
                group["lr"] = peak * rate(step)
        sums.append(train_step(model, optimizers, draw(source, step), not args.float32))
        done = step + 1
        if done % 50 == 0:
            a, r, p = np.nanmean(np.array(sums), 0)
            say(f"step {done} answer {a:.3f} repeat {r:.3f} prose {p:.3f} rate {rate(step):.3f} "
                f"cpu_s/step {(time.process_time() - begun) / len(sums):.2f}")
            sums, begun = [], time.process_time()
        if done % 100 == 0:
            save(checkpoint, done, model, optimizers)
        if done % 500 == 0 or done == TOTAL:
            shares = [f"{n}: {recall(model, n, 48).mean():.3f}" for n in (128, 256, 512, 1024, 2048)]
            say(f"step {done} recall {' '.join(shares)}")
            begun = time.process_time()
    save(args.work / "final.pt", min(args.steps, TOTAL), model, optimizers)


if __name__ == "__main__":
    main()
