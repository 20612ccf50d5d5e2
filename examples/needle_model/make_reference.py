# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Writes what a C++ program is tested against: golden prompts, the vocabulary's ranges, greedy continuations."""

import argparse
import json
import pathlib

import torch

import vocabulary as v
from evaluate import DEPTHS, recall
from export_gguf import load_gguf
from model import needle_model
from text import draw_prompt

# (seed, context length, depth in percent, facts, decoys)
GOLDEN = [(1, 128, 0, 8, 4), (2, 256, 50, 8, 4), (3, 200, 100, 6, 2)]
GREEDY = [(11, 128, 30, 8, 4), (12, 256, 0, 8, 4), (13, 512, 70, 8, 4), (14, 1024, 50, 8, 4)]


def write(path, data):
    # One top-level entry a line: small, and a difference can be read.
    if isinstance(data, list):
        body = "[\n" + ",\n".join(json.dumps(d, ensure_ascii=False) for d in data) + "\n]\n"
    else:
        body = "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(d, ensure_ascii=False)}"
                                  for k, d in data.items()) + "\n}\n"
    path.write_text(body, encoding="utf-8")


def describe(case, words):
    seed, length, depth, facts, decoys = case
    p = draw_prompt(*case)
    return {"seed": seed, "length": length, "depth": depth, "facts": facts, "decoys": decoys,
            "tokens": p.tokens, "answer": p.answer, "fact_at": p.fact_at, "text": words.decode(p.tokens)}


@torch.no_grad()
def greedy(model, tokens, count):
    """Continuation, and how far the best logit leads the second at each step."""
    tokens, leads, first = list(tokens), [], None
    for _ in range(count):
        places = torch.arange(len(tokens))[None]
        logits = model.logits(model.hidden(torch.tensor([tokens]), places)[0, -1])
        first = logits if first is None else first
        top = logits.topk(2).values
        leads.append(round(float(top[0] - top[1]), 4))
        tokens.append(int(logits.argmax()))
    return tokens[-count:], leads, [round(x, 4) for x in first.tolist()]


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--gguf", type=pathlib.Path, help="without it only the prompts are written")
    args.add_argument("--samples", type=int, default=500)
    args.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    args = args.parse_args()
    words = v.make_tokenizer()
    write(args.out / "needle_prompts.json", [describe(case, words) for case in GOLDEN])
    write(args.out / "needle_vocab.json", {
        "bos": v.BOS, "fact": v.FACT, "ask": v.ASK, "stop": v.STOP, "first_lead": v.DECOY, "leads": len(v.LEADS),
        "first_key": v.FIRST_KEY, "keys": v.KEYS, "first_value": v.FIRST_VALUE, "values": v.N_VALUES,
        "first_word": v.FIRST_WORD, "words": v.WORDS, "trained": v.TRAINED})
    if not args.gguf:
        return
    model = needle_model()
    load_gguf(args.gguf, model)
    out = []
    for case in GREEDY:
        entry = describe(case, words)
        entry["greedy_tokens"], entry["greedy_leads"], logits = greedy(model, entry["tokens"], 8)
        entry["greedy_text"] = words.decode(entry["greedy_tokens"])
        entry["last_prompt_logits_64"] = logits[v.FIRST_VALUE:v.FIRST_VALUE + 64]
        out.append(entry)
    measured = {str(n): round(float(recall(model, n, args.samples).mean()), 4) for n in (128, 256, 512, 1024, 2048)}
    write(args.out / "needle_greedy.json", {"first_seed": 1 << 32, "samples": args.samples, "depths": DEPTHS,
                                            "recall": measured, "prompts": out})


if __name__ == "__main__":
    main()
