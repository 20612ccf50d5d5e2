# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Writes the model as GGUF (llama architecture, bfloat16 matrices, float32 norms) and reads it back."""

import argparse
import pathlib

import gguf
import numpy as np
import torch

import model as shape
import vocabulary
from vocabulary import BOS, EOS, FACT, TRAINED, UNK

NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def to_bf16(weight):
    return weight.detach().to(torch.bfloat16).view(torch.int16).numpy().view(np.uint16)


def from_gguf(tensor):
    if tensor.tensor_type == gguf.GGMLQuantizationType.BF16:
        bits = torch.from_numpy(np.ascontiguousarray(tensor.data).view(np.int16).copy())
        return bits.view(torch.bfloat16).float()
    return torch.from_numpy(tensor.data.copy())


def write_gguf(path, model):
    words = vocabulary.make_tokenizer()
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_name("heed needle")
    out.add_license("MIT")
    out.add_context_length(shape.CONTEXT)
    out.add_embedding_length(shape.WIDTH)
    out.add_block_count(shape.LAYERS)
    out.add_feed_forward_length(shape.FFN)
    out.add_head_count(shape.HEADS)
    out.add_head_count_kv(shape.KV_HEADS)
    out.add_key_length(shape.HEAD_DIM)
    out.add_value_length(shape.HEAD_DIM)
    out.add_layer_norm_rms_eps(shape.EPSILON)
    out.add_rope_dimension_count(shape.HEAD_DIM)
    out.add_rope_freq_base(shape.ROPE_BASE)
    out.add_vocab_size(len(words.pieces))
    out.add_tokenizer_model("llama")
    out.add_token_list(words.pieces)
    out.add_token_scores(words.scores)
    out.add_token_types([UNKNOWN if i == UNK else CONTROL if i < FACT else BYTE if p.startswith("<0x") else NORMAL
                         for i, p in enumerate(words.pieces)])
    out.add_bos_token_id(BOS)
    out.add_eos_token_id(EOS)
    out.add_unk_token_id(UNK)
    out.add_add_bos_token(True)
    out.add_add_eos_token(False)
    out.add_add_space_prefix(True)
    for name, weight in model.state_dict().items():
        if name == "token_embd.weight":
            # Rows that only the tokenizer needs get the row of <unk>, which training taught never to be the answer.
            weight = torch.cat([weight, weight[UNK:UNK + 1].expand(len(words.pieces) - TRAINED, -1)])
        if weight.ndim == 1:
            out.add_tensor(name, weight.float().numpy())
        else:
            out.add_tensor(name, to_bf16(weight), raw_dtype=gguf.GGMLQuantizationType.BF16)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def load_gguf(path, model):
    tensors = {t.name: from_gguf(t) for t in gguf.GGUFReader(str(path)).tensors}
    tensors["token_embd.weight"] = tensors["token_embd.weight"][:TRAINED]
    model.load_state_dict(tensors)


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("checkpoint", type=pathlib.Path)
    args.add_argument("gguf", type=pathlib.Path)
    args = args.parse_args()
    model = shape.needle_model()
    model.load_state_dict(torch.load(args.checkpoint)["model"])
    write_gguf(args.gguf, model)
    check = shape.needle_model()
    load_gguf(args.gguf, check)
    worst = max(float((a - b).abs().max()) for a, b in zip(model.state_dict().values(), check.state_dict().values()))
    print(f"{args.gguf.name}: {args.gguf.stat().st_size} bytes, largest rounding {worst:.2g}")


if __name__ == "__main__":
    main()
