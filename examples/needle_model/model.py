# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""A Llama of about a million parameters; rotary pairs are (2l, 2l+1), as GGUF's llama architecture has them."""

import torch
import torch.nn.functional as F
from torch import nn

from vocabulary import TRAINED

WIDTH, LAYERS, HEADS, KV_HEADS, HEAD_DIM, FFN = 128, 4, 8, 4, 32, 320
MATCH, COPY = 3.0, 3.0  # how sharply the sketched circuit matches, how loudly it copies
ROPE_BASE, EPSILON, CONTEXT = 500000.0, 1e-5, 4096


class block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn_norm = nn.RMSNorm(WIDTH, EPSILON)
        self.attn_q = nn.Linear(WIDTH, HEADS * HEAD_DIM, bias=False)
        self.attn_k = nn.Linear(WIDTH, KV_HEADS * HEAD_DIM, bias=False)
        self.attn_v = nn.Linear(WIDTH, KV_HEADS * HEAD_DIM, bias=False)
        self.attn_output = nn.Linear(HEADS * HEAD_DIM, WIDTH, bias=False)
        self.ffn_norm = nn.RMSNorm(WIDTH, EPSILON)
        self.ffn_gate = nn.Linear(WIDTH, FFN, bias=False)
        self.ffn_up = nn.Linear(WIDTH, FFN, bias=False)
        self.ffn_down = nn.Linear(FFN, WIDTH, bias=False)

    def queries_and_keys(self, h, turn):
        rows, length, _ = h.shape
        return (rotate(self.attn_q(h).view(rows, length, HEADS, HEAD_DIM), turn),
                rotate(self.attn_k(h).view(rows, length, KV_HEADS, HEAD_DIM), turn))

    def forward(self, x, turn):
        rows, length, _ = x.shape
        h = self.attn_norm(x)
        q, k = self.queries_and_keys(h, turn)
        v = self.attn_v(h).view(rows, length, KV_HEADS, HEAD_DIM)
        k, v = (t.repeat_interleave(HEADS // KV_HEADS, 2).transpose(1, 2) for t in (k, v))
        a = attend(q.transpose(1, 2), k, v)
        x = x + self.attn_output(a.transpose(1, 2).reshape(rows, length, HEADS * HEAD_DIM))
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


def attend(q, k, v):
    """Causal attention. The fused kernel's backward pass is slow where all scores fit the cache anyway."""
    length = q.shape[2]
    if length > 512:
        return F.scaled_dot_product_attention(q, k, v.to(k.dtype), is_causal=True)
    scores = (q * HEAD_DIM ** -0.5) @ k.mT
    future = torch.full((length, length), -1e9, dtype=scores.dtype).triu(1)
    return (scores + future).softmax(-1).to(v.dtype) @ v


def rotate(x, turn):
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turn.unsqueeze(2)).flatten(-2).to(x.dtype)


def turns(positions):
    """cos + i sin of every position and pair: [rows][length][HEAD_DIM / 2]."""
    rate = ROPE_BASE ** (-torch.arange(0, HEAD_DIM, 2, dtype=torch.float32) / HEAD_DIM)
    angle = positions.float().unsqueeze(-1) * rate
    return torch.polar(torch.ones_like(angle), angle)


class needle_model(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embd = nn.Embedding(TRAINED, WIDTH)
        self.blk = nn.ModuleList(block() for _ in range(LAYERS))
        self.output_norm = nn.RMSNorm(WIDTH, EPSILON)
        nn.init.normal_(self.token_embd.weight, std=0.02)
        for name, weight in self.named_parameters():
            if weight.ndim == 2 and "embd" not in name:
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
                if "output" in name or "down" in name:
                    weight.data.zero_()  # each layer starts by passing on what it gets
        self.sketch_circuit()

    @torch.no_grad()
    def sketch_circuit(self):
        """Starts from the sketch of an induction circuit: looks back in the first layer, matches in the second.

        Its coming by chance takes most of the steps on two cores, and training makes the rest of it. All embeddings
        get one direction in common, which heads 0 and 1 of the first layer turn into a constant query and key;
        rotation then tells one token before from two before. The logits do not change by it: what all rows share,
        softmax cancels. Heads 0 to 3 of the second layer look for a token before which their own stood, and copy it.
        """
        basis = nn.init.orthogonal_(torch.empty(WIDTH, WIDTH))
        seen, told, share = basis[:HEAD_DIM], basis[HEAD_DIM:2 * HEAD_DIM], basis[-1]
        self.token_embd.weight.normal_(std=0.05)
        self.token_embd.weight += 0.3 * share
        half = HEAD_DIM // 2  # pairs below turn quickly and tell neighbours apart, those above keep over distance
        rate = ROPE_BASE ** (-torch.arange(0, HEAD_DIM, 2, dtype=torch.float32)[:half // 2] / HEAD_DIM)
        first, second = self.blk[0], self.blk[1]
        still = torch.tensor([1.0, 0.0]).repeat(half // 2)
        for head in range(2):
            rows = slice(head * HEAD_DIM, (head + 1) * HEAD_DIM)
            angle = -(head + 1) * rate  # the query stands where the token looked at stands
            phase = torch.stack([angle.cos(), angle.sin()], 1).flatten()
            first.attn_q.weight[rows][:half] = 1.6 * phase[:, None] * share
        first.attn_k.weight[:half] = 1.6 * still[:, None] * share
        first.attn_v.weight[:HEAD_DIM] = 0.25 * seen
        first.attn_output.weight[:, :HEAD_DIM] = told.T
        for head in range(4):
            rows = slice(head * HEAD_DIM, (head + 1) * HEAD_DIM)
            pair = head // 2  # heads of one key-value head match the same half and copy the same directions
            part = slice(pair * half, (pair + 1) * half)
            second.attn_q.weight[rows][half:] = MATCH * seen[part]
            second.attn_k.weight[pair * HEAD_DIM:(pair + 1) * HEAD_DIM][half:] = MATCH * told[part]
            copied = basis[(2 + pair) * HEAD_DIM - pair:][:HEAD_DIM]
            second.attn_v.weight[pair * HEAD_DIM:(pair + 1) * HEAD_DIM] = 0.25 * copied
            second.attn_output.weight[:, rows] = COPY * copied.T

    def hidden(self, tokens, positions):
        turn = turns(positions)
        x = self.token_embd(tokens)
        for layer in self.blk:
            x = layer(x, turn)
        return self.output_norm(x)

    def logits(self, hidden):
        return hidden @ self.token_embd.weight.T
