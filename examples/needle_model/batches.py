# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Training batches: the facts of text.py with many questions each, random strings that repeat, and position gaps."""

import numpy as np

import text
from vocabulary import (ASK, BOS, DECOY, FACT, FIRST_KEY, FIRST_VALUE, FIRST_WORD, KEYS, LEADS, N_VALUES, STOP,
                        TRAINED, WORDS)

ANSWER, REPEAT, PROSE = 1, 2, 3  # what a target is there for; 0: no loss


def make_corpus(seed, tokens=1 << 20):
    """One long stretch of filler; samples take slices of it, because drawing it token by token is slow."""
    succ = np.array([[text.successor(w, j) for j in range(text.SUCCESSORS)] for w in range(WORDS)])
    rng = np.random.default_rng(seed)
    lanes = 1024
    word, stopped = rng.integers(WORDS, size=lanes), np.ones(lanes, bool)
    rows = []
    for _ in range(tokens // lanes):
        stop = ~stopped & (rng.integers(16, size=lanes) == 0)
        step = np.minimum(rng.integers(8, size=lanes), rng.integers(8, size=lanes))
        word = np.where(stop, word, succ[word, step])
        stopped = stop
        rows.append(np.where(stop, STOP, FIRST_WORD + word))
    return np.stack(rows, 1).reshape(-1).astype(np.int64)


class sampler:
    def __init__(self, seed):
        self.seed, self.corpus = seed, make_corpus(seed)

    def batch(self, step, rows, length, stage):
        """tokens, targets' kinds and positions, each [rows][length + 1]."""
        rng = np.random.default_rng((self.seed, step))
        out = [self._strings(rng, length + 1, stage.reach) if rng.random() < stage.repeats
               else self._facts(rng, length + 1, stage) for _ in range(rows)]
        return tuple(np.stack(part) for part in zip(*out))

    def _filler(self, rng, n):
        at = rng.integers(len(self.corpus) - n)
        return self.corpus[at:at + n]

    def _pair(self, rng, key, pool):
        while True:
            v1, v2 = rng.integers(N_VALUES, size=2).tolist() if pool is None else rng.choice(pool, 2).tolist()
            if v1 != v2 and not text.is_test(key, v1, v2):
                return v1, v2

    def _facts(self, rng, length, stage):
        room = (length - 1) // 5
        facts = int(min(rng.integers(1, 13), max(1, room // 3)))
        decoys = int(min(rng.integers(0, 5), max(0, (room - facts) // 3)))
        left = room - facts - decoys
        # Half of the samples are dense in questions, where most of the learning is; the others look like the test.
        most = max(1, min(left, 24 if rng.random() < 0.5 else 6))
        questions = int(rng.integers(1, most + 1))
        keys = rng.choice(KEYS, facts + decoys, replace=False).tolist()
        crowded = stage.crowded > 0 and rng.random() < stage.crowded
        pool = rng.choice(N_VALUES, 12, replace=False) if crowded else None
        blocks = []
        for i, key in enumerate(keys):
            v1, v2 = self._pair(rng, key, pool)
            lead = FACT if i < facts else DECOY + int(rng.integers(len(LEADS)))
            blocks.append((float(rng.random()), [lead, FIRST_KEY + key, FIRST_VALUE + v1, FIRST_VALUE + v2, STOP]))
        at_end = rng.random() < 0.3
        for _ in range(questions):
            place, fact = blocks[int(rng.integers(facts))]
            where = 1.0 + float(rng.random()) if at_end else place + (1 - place) * float(rng.random()) + 1e-9
            blocks.append((where, [ASK] + fact[1:]))
        blocks.sort(key=lambda b: b[0])
        prose = length - 1 - 5 * len(blocks)
        cuts = [min(prose, int(b[0] * prose)) for b in blocks] + [prose]
        words = self._filler(rng, max(prose, 1))
        tokens, kinds = np.empty(length, np.int64), np.zeros(length, np.int8)
        jumps = []  # where a position gap may stand: never inside a fact or a question
        tokens[0], at, done = BOS, 1, 0
        for cut, block in zip(cuts, [b[1] for b in blocks] + [[]]):
            n = cut - done
            if n:
                tokens[at:at + n] = words[done:cut]
                kinds[at:at + n] = PROSE
                jumps += [at, at + int(rng.integers(n))]
                at, done = at + n, cut
            jumps.append(at)
            tokens[at:at + len(block)] = block
            if block and block[0] == ASK:
                kinds[at + 2:at + 4] = ANSWER
                kinds[at + 4] = PROSE
            at += len(block)
        return tokens, kinds, self._positions(rng, length, stage.reach, jumps)

    def _strings(self, rng, length, reach):
        """A random string over the trained vocabulary, told twice or more, filler between."""
        span = int(rng.integers(8, max(9, min(length // 2, 8 << int(rng.integers(1, 8))))))
        low = FIRST_KEY if rng.random() < 0.5 else FIRST_WORD
        string = rng.integers(low, TRAINED, size=span)
        tokens, kinds = self._filler(rng, length).copy(), np.zeros(length, np.int8)
        tokens[0], at, told, jumps = BOS, 1, 0, [1]
        spare = length - 1 - 2 * span
        while at + 2 <= length:
            n = min(span, length - at)
            tokens[at:at + n] = string[:n]
            if told:
                kinds[at + 1:at + n] = REPEAT
            told, at = told + 1, at + n
            jumps.append(min(at, length - 1))
            gap = int(rng.integers(spare + 1)) if spare > 0 and rng.random() < 0.7 else 0
            spare, at = spare - gap, at + gap
            if at < length:
                jumps.append(at)
        return tokens, kinds, self._positions(rng, length, reach, jumps)

    def _positions(self, rng, length, reach, jumps):
        steps = np.ones(length, np.int64)
        steps[0] = 0
        extra = reach - length
        if extra > 0 and jumps and rng.random() < 0.85:
            total = int(extra * rng.random())
            some = rng.choice([j for j in jumps if j < length], size=int(rng.integers(1, len(jumps) + 1)))
            share = rng.random(len(some)) ** 3
            np.add.at(steps, some, (total * share / share.sum()).astype(np.int64))
        return np.cumsum(steps)
