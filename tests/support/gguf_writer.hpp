// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Writes GGUF files for tests, honest ones and others.
#include <heed/view/element.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace heed::testing_support {

/// Collects keys and tensors; bytes() lays them out. Counts, extents and offsets can be overridden by tests that lie.
class gguf_writer {
public:
  static constexpr std::uint32_t f32 = 0, f16 = 1, q8_0 = 8, bf16 = 30; // ggml's numbers

  void add(const std::string& key, std::uint32_t x) { put_key(key, 4, &x, sizeof x); }
  void add(const std::string& key, float x) { put_key(key, 6, &x, sizeof x); }
  void add(const std::string& key, bool x) { put_key(key, 7, &x, 1); }
  void add(const std::string& key, const char* x) {
    put_key(key, 8, nullptr, 0);
    put_text(keys_, x);
  }
  void add(const std::string& key, const std::vector<std::string>& list) {
    put_list(key, 8, list.size());
    for (const std::string& s : list) put_text(keys_, s);
  }
  void add(const std::string& key, const std::vector<float>& list) {
    put_list(key, 6, list.size());
    put(keys_, list.data(), list.size() * sizeof(float));
  }
  void add(const std::string& key, const std::vector<std::int32_t>& list) {
    put_list(key, 5, list.size());
    put(keys_, list.data(), list.size() * sizeof(std::int32_t));
  }

  /// extents: the contiguous one first, as GGUF has them.
  void tensor(const std::string& name, const std::vector<std::uint64_t>& extents, std::uint32_t type,
              const std::vector<float>& numbers) {
    std::string bytes = encode(type, numbers);
    put_tensor(name, extents, type, data_.size());
    data_ += bytes;
    data_.resize((data_.size() + 31) / 32 * 32);
  }
  void put_tensor(const std::string& name, const std::vector<std::uint64_t>& extents, std::uint32_t type,
                  std::uint64_t offset) {
    put_text(infos_, name);
    number(infos_, static_cast<std::uint32_t>(extents.size()));
    for (const std::uint64_t e : extents) number(infos_, e);
    number(infos_, type);
    number(infos_, offset);
    ++tensors_;
  }

  std::uint32_t version = 3;
  std::uint64_t extra_keys = 0, extra_tensors = 0; ///< lies about the counts

  [[nodiscard]] std::string bytes() const {
    std::string out = "GGUF";
    number(out, version);
    number(out, tensors_ + extra_tensors);
    number(out, key_count_ + extra_keys);
    out += keys_ + infos_;
    out.resize((out.size() + 31) / 32 * 32);
    return out + data_;
  }

private:
  static void put(std::string& out, const void* p, std::size_t n) { out.append(static_cast<const char*>(p), n); }
  template <class T> static void number(std::string& out, T x) { put(out, &x, sizeof x); }
  static void put_text(std::string& out, const std::string& s) {
    number(out, static_cast<std::uint64_t>(s.size()));
    out += s;
  }
  void put_key(const std::string& key, std::uint32_t type, const void* p, std::size_t n) {
    put_text(keys_, key);
    number(keys_, type);
    put(keys_, p, n);
    ++key_count_;
  }
  void put_list(const std::string& key, std::uint32_t item, std::size_t n) {
    put_key(key, 9, nullptr, 0);
    number(keys_, item);
    number(keys_, static_cast<std::uint64_t>(n));
  }
  static std::string encode(std::uint32_t type, const std::vector<float>& x) {
    std::string out;
    if (type == f32) put(out, x.data(), x.size() * sizeof(float));
    if (type == f16)
      for (const float v : x) number(out, narrow<heed::f16>(v).bits);
    if (type == bf16)
      for (const float v : x) number(out, narrow<heed::bf16>(v).bits);
    if (type == q8_0)
      for (std::size_t i = 0; i + 32 <= x.size(); i += 32) {
        float most = 0;
        for (std::size_t j = i; j < i + 32; ++j) most = std::max(most, std::fabs(x[j]));
        const heed::f16 step = narrow<heed::f16>(most / 127);
        number(out, step.bits);
        const float d = widen(step);
        for (std::size_t j = i; j < i + 32; ++j)
          number(out, static_cast<std::int8_t>(d > 0 ? std::clamp(std::lround(x[j] / d), -127L, 127L) : 0));
      }
    return out;
  }

  std::string keys_, infos_, data_;
  std::uint64_t key_count_ = 0, tensors_ = 0;
};

/// Sizes of a random model; the defaults are awkward on purpose: head dims that differ from width / heads.
struct random_shape {
  std::uint32_t width = 64, layers = 2, q_heads = 6, kv_heads = 2, key_dim = 16, value_dim = 32, feed_forward = 96;
  std::uint32_t rope_dims = 12, type = gguf_writer::f32;
  bool tied = false;
  int extra_pieces = 0; ///< to make the vocabulary larger
};

/// A whole Llama with random weights and a vocabulary of letters, pairs of letters and bytes.
inline gguf_writer random_llama(const random_shape& s, std::uint32_t seed = 1) {
  gguf_writer out;
  out.add("general.architecture", "llama");
  out.add("llama.context_length", std::uint32_t{512});
  out.add("llama.embedding_length", s.width);
  out.add("llama.block_count", s.layers);
  out.add("llama.feed_forward_length", s.feed_forward);
  out.add("llama.attention.head_count", s.q_heads);
  out.add("llama.attention.head_count_kv", s.kv_heads);
  out.add("llama.attention.key_length", s.key_dim);
  out.add("llama.attention.value_length", s.value_dim);
  out.add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  out.add("llama.rope.dimension_count", s.rope_dims);
  out.add("llama.rope.freq_base", 10000.f);
  std::vector<std::string> pieces = {"<unk>", "<s>", "</s>", "\xe2\x96\x81"};
  std::vector<std::int32_t> kinds = {2, 3, 3, 1};
  for (char c = 'a'; c <= 'z'; ++c) pieces.push_back(std::string(1, c));
  for (char c = 'a'; c <= 'z'; ++c) pieces.push_back(std::string("\xe2\x96\x81") + c);
  for (int i = 0; i < s.extra_pieces; ++i) pieces.push_back("#" + std::to_string(i));
  for (const char* pair : {"th", "he", "in", "er", "the", "an"}) pieces.emplace_back(pair);
  std::vector<float> scores;
  for (std::size_t i = 0; i < pieces.size(); ++i) scores.push_back(-static_cast<float>(pieces.size() - i));
  kinds.resize(pieces.size(), 1);
  for (int b = 0; b < 256; ++b) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", b);
    pieces.emplace_back(name);
    scores.push_back(0);
    kinds.push_back(6);
  }
  out.add("tokenizer.ggml.model", "llama");
  out.add("tokenizer.ggml.tokens", pieces);
  out.add("tokenizer.ggml.scores", scores);
  out.add("tokenizer.ggml.token_type", kinds);

  std::mt19937 random(seed);
  const auto matrix = [&](const std::string& name, std::uint64_t cols, std::uint64_t rows) {
    std::vector<float> numbers(cols * rows);
    const float size = 1 / std::sqrt(static_cast<float>(cols));
    for (float& x : numbers) x = size * (static_cast<float>(random() >> 8) * 0x1p-23f - 1);
    out.tensor(name, {cols, rows}, s.type, numbers);
  };
  const auto norm = [&](const std::string& name, std::uint64_t n) {
    std::vector<float> numbers(n);
    for (float& x : numbers) x = 0.5f + static_cast<float>(random() >> 8) * 0x1p-24f;
    out.tensor(name, {n}, gguf_writer::f32, numbers);
  };
  matrix("token_embd.weight", s.width, pieces.size());
  if (!s.tied) matrix("output.weight", s.width, pieces.size());
  norm("output_norm.weight", s.width);
  for (std::uint32_t l = 0; l < s.layers; ++l) {
    const std::string block = "blk." + std::to_string(l) + ".";
    norm(block + "attn_norm.weight", s.width);
    matrix(block + "attn_q.weight", s.width, std::uint64_t{s.q_heads} * s.key_dim);
    matrix(block + "attn_k.weight", s.width, std::uint64_t{s.kv_heads} * s.key_dim);
    matrix(block + "attn_v.weight", s.width, std::uint64_t{s.kv_heads} * s.value_dim);
    matrix(block + "attn_output.weight", std::uint64_t{s.q_heads} * s.value_dim, s.width);
    norm(block + "ffn_norm.weight", s.width);
    matrix(block + "ffn_gate.weight", s.width, s.feed_forward);
    matrix(block + "ffn_up.weight", s.width, s.feed_forward);
    matrix(block + "ffn_down.weight", s.feed_forward, s.width);
  }
  return out;
}

} // namespace heed::testing_support
