# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Needle prompts from a seed, by integers only, so that a C++ program draws the very same ones (see README)."""

from dataclasses import dataclass

from vocabulary import (ASK, BOS, DECOY, FACT, FIRST_KEY, FIRST_VALUE, FIRST_WORD, KEYS, LEADS, N_VALUES, STOP,
                        WORDS)

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
CHAIN_SALT = 0x68656564   # "heed"
SPLIT_SALT = 0x6E656564   # "need"
SUCCESSORS = 8


def mix(z):
    """First output of splitmix64 whose state is z."""
    z = (z + GOLDEN) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class splitmix64:
    def __init__(self, seed):
        self.state = seed & MASK

    def next(self):
        z = mix(self.state)
        self.state = (self.state + GOLDEN) & MASK
        return z

    def below(self, n):
        return ((self.next() >> 32) * n) >> 32


def is_test(key, v1, v2):
    """One pair in eight is never shown in training, neither in facts nor in decoys nor in answers."""
    return mix(((key * N_VALUES + v1) * N_VALUES + v2) ^ SPLIT_SALT) & 7 == 0


def successor(word, j):
    return mix((word * SUCCESSORS + j) ^ CHAIN_SALT) % WORDS


class filler:
    """A Markov chain over the words; a stop about every sixteenth token, never two in a row."""

    def __init__(self, rng):
        self.rng, self.word, self.stopped = rng, rng.below(WORDS), True

    def next(self):
        r = self.rng.next()
        if not self.stopped and r & 15 == 0:
            self.stopped = True
            return STOP
        self.stopped = False
        # The smaller of two draws: low successors are likelier, so that the chain has something to learn.
        self.word = successor(self.word, min((r >> 8) & 7, (r >> 16) & 7))
        return FIRST_WORD + self.word


@dataclass
class prompt:
    tokens: list      # ends in the question: ASK key
    answer: list      # two value tokens
    facts: list       # (key, v1, v2) as token ids; facts[0] is the asked one
    fact_at: int      # where the asked fact's first token stands


def draw_prompt(seed, length, depth, facts=8, decoys=4):
    """depth: percent of the filler that stands before the asked fact, 0 to 100."""
    rng = splitmix64(seed)
    blocks, used, told = [], set(), []
    for i in range(facts + decoys):
        key = rng.below(KEYS)
        while key in used:
            key = rng.below(KEYS)
        used.add(key)
        v1, v2 = rng.below(N_VALUES), rng.below(N_VALUES)
        while v1 == v2 or not is_test(key, v1, v2):
            v1, v2 = rng.below(N_VALUES), rng.below(N_VALUES)
        lead = FACT if i < facts else DECOY + rng.below(len(LEADS))
        blocks.append([lead, FIRST_KEY + key, FIRST_VALUE + v1, FIRST_VALUE + v2, STOP])
        if i < facts:
            told.append(tuple(blocks[-1][1:4]))
    room = length - 3 - 5 * len(blocks)
    if room < 0:
        raise ValueError(f"length is {length}, but {len(blocks)} facts and decoys need {length - room}")
    places = [room * depth // 100] + [rng.below(room + 1) for _ in blocks[1:]]
    order = sorted(range(len(blocks)), key=lambda i: (places[i], i))
    chain, tokens, at, fact_at = filler(rng), [BOS], 0, 0
    for i in order:
        tokens += [chain.next() for _ in range(places[i] - at)]
        at = places[i]
        if i == 0:
            fact_at = len(tokens)
        tokens += blocks[i]
        chain.stopped = True  # a block ends in a stop
    tokens += [chain.next() for _ in range(room - at)]
    tokens += [ASK, blocks[0][1]]
    return prompt(tokens, blocks[0][2:4], told, fact_at)
