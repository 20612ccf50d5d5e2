// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "support/gguf_writer.hpp"
#include "support/llama_session.hpp"

#include <gtest/gtest.h>

namespace {

using namespace heed::testing_support;

std::string complaint(const gguf_writer& w) {
  try {
    const loaded_model m(w.bytes());
  } catch (const llama::file_error& e) {
    return e.what();
  }
  return {};
}
#define EXPECT_SAYS(writer, part) EXPECT_NE(complaint(writer).find(part), std::string::npos) << complaint(writer)

/// The smallest honest model, with one line changed.
struct small_model {
  std::string architecture = "llama";
  std::uint32_t width = 8, q_heads = 2, kv_heads = 1, layers = 1;
  std::string without, twice_as_long;
  [[nodiscard]] gguf_writer writer() const {
    gguf_writer w;
    w.add("general.architecture", architecture.c_str());
    w.add("llama.context_length", 16u);
    w.add("llama.embedding_length", width);
    w.add("llama.block_count", layers);
    w.add("llama.feed_forward_length", 12u);
    w.add("llama.attention.head_count", q_heads);
    w.add("llama.attention.head_count_kv", kv_heads);
    w.add("tokenizer.ggml.model", "llama");
    w.add("tokenizer.ggml.tokens", std::vector<std::string>{"<unk>", "<s>", "</s>"});
    w.add("tokenizer.ggml.scores", std::vector<float>{0, 0, 0});
    w.add("tokenizer.ggml.token_type", std::vector<std::int32_t>{2, 3, 3});
    const std::uint64_t n = width;
    put(w, "token_embd.weight", n, 3);
    put(w, "output_norm.weight", n, 1);
    for (const char* name : {"attn_norm", "ffn_norm"}) put(w, "blk.0." + std::string(name) + ".weight", n, 1);
    put(w, "blk.0.attn_q.weight", n, n);
    put(w, "blk.0.attn_k.weight", n, n / 2);
    put(w, "blk.0.attn_v.weight", n, n / 2);
    put(w, "blk.0.attn_output.weight", n, n);
    put(w, "blk.0.ffn_gate.weight", n, 12);
    put(w, "blk.0.ffn_up.weight", n, 12);
    put(w, "blk.0.ffn_down.weight", 12, n);
    return w;
  }
  void put(gguf_writer& w, const std::string& name, std::uint64_t cols, std::uint64_t rows) const {
    if (name == without) return;
    if (name == twice_as_long) rows *= 2;
    w.tensor(name, {cols, rows}, gguf_writer::f32, std::vector<float>(cols * rows, 0.5f));
  }
};

TEST(examples_model, takes_the_smallest_and_a_random_one) {
  EXPECT_EQ(complaint(small_model().writer()), "");
  EXPECT_EQ(complaint(random_llama({})), "");
}

TEST(examples_model, reads_the_shape) {
  const loaded_model m(random_llama({}).bytes());
  const llama::model_shape& s = m.lm.weights.shape();
  EXPECT_EQ(s.width, 64);
  EXPECT_EQ(s.layers, 2);
  EXPECT_EQ(s.q_heads, 6);
  EXPECT_EQ(s.kv_heads, 2);
  EXPECT_EQ(s.key_dim, 16);
  EXPECT_EQ(s.value_dim, 32);
  EXPECT_EQ(m.lm.weights.rope().dims, 12);
  EXPECT_EQ(s.vocabulary, m.lm.words.size());
  EXPECT_NE(&m.lm.weights.output(), &m.lm.weights.embedding());
  const loaded_model tied(random_llama({.tied = true}).bytes());
  EXPECT_EQ(&tied.lm.weights.output(), &tied.lm.weights.embedding());
}

TEST(examples_model, refuses_other_architectures_by_name) {
  small_model m;
  m.architecture = "mamba";
  EXPECT_SAYS(m.writer(), "general.architecture is \"mamba\", but only \"llama\" is read");
  gguf_writer w = small_model().writer();
  w.add("llama.expert_count", 8u);
  EXPECT_SAYS(w, "llama.expert_count is 8");
  w = small_model().writer();
  w.add("llama.rope.scaling.type", "longrope");
  EXPECT_SAYS(w, "llama.rope.scaling.type is \"longrope\", but only");
}

TEST(examples_model, refuses_sizes_that_do_not_fit) {
  small_model m;
  m.q_heads = 0;
  EXPECT_SAYS(m.writer(), "llama.attention.head_count is 0, but must be from 1");
  m.q_heads = 3;
  EXPECT_SAYS(m.writer(), "llama.embedding_length is 8, no multiple of attention.head_count, 3");
  m.q_heads = 2;
  m.kv_heads = 3;
  EXPECT_SAYS(m.writer(), "no multiple of head_count_kv, 3");
  m = {};
  m.layers = 2;
  EXPECT_SAYS(m.writer(), "tensor \"blk.1.attn_norm.weight\" is missing");
  gguf_writer w = small_model().writer();
  w.add("llama.rope.dimension_count", 3u);
  EXPECT_SAYS(w, "llama.rope: dims is 3, must be even");
  w = small_model().writer();
  w.add("llama.rope.dimension_count", 6u);
  EXPECT_SAYS(w, "rope.dimension_count is 6, but must be from 1 to 4");
  w = small_model().writer();
  w.add("llama.rope.freq_base", std::numeric_limits<float>::quiet_NaN());
  EXPECT_SAYS(w, "llama.rope.freq_base is nan");
  w = small_model().writer();
  w.add("llama.vocab_size", 4u);
  EXPECT_SAYS(w, "tensor \"token_embd.weight\" is 3 x 8, but the model needs 4 x 8");
}

TEST(examples_model, refuses_rotary_scalings_that_contradict) {
  gguf_writer w = small_model().writer();
  w.tensor("rope_freqs.weight", {2}, gguf_writer::f32, {1, 0});
  EXPECT_SAYS(w, "rope_scaling: divisors[1] is 0, must be finite and above 0");
  w = small_model().writer();
  w.tensor("rope_freqs.weight", {3}, gguf_writer::f32, {1, 1, 1});
  EXPECT_SAYS(w, "number of divisors is 3, must be 2");
  w = small_model().writer();
  w.tensor("rope_freqs.weight", {2}, gguf_writer::f32, {1, 1});
  w.add("llama.rope.scaling.type", "yarn");
  EXPECT_SAYS(w, "rope.scaling.type is \"yarn\" besides rope_freqs.weight");
  w = small_model().writer();
  w.add("llama.rope.scaling.attn_factor", 2.f);
  EXPECT_SAYS(w, "llama.rope.scaling.attn_factor is not 1");
  w = small_model().writer();
  w.add("llama.rope.scaling.yarn_attn_factor", 2.f);
  EXPECT_SAYS(w, "llama.rope.scaling.yarn_attn_factor is not 1");
  w = small_model().writer();
  w.add("llama.rope.scaling.yarn_ext_factor", 0.5f);
  EXPECT_SAYS(w, "llama.rope.scaling.yarn_ext_factor is not 1");
  w = small_model().writer();
  w.add("llama.rope.scaling.yarn_beta_fast", 0.f);
  w.add("llama.rope.scaling.type", "yarn");
  EXPECT_SAYS(w, "llama.rope.scaling.yarn_beta_fast is 0.000000, but must be > 0");
}

TEST(examples_model, refuses_each_missing_or_misshapen_tensor) {
  for (const char* name :
       {"token_embd.weight", "output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight",
        "blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight", "blk.0.attn_output.weight",
        "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight", "blk.0.ffn_down.weight"}) {
    small_model m;
    m.without = name;
    EXPECT_SAYS(m.writer(), "tensor \"" + std::string(name) + "\" is missing");
    m.without = "";
    m.twice_as_long = name;
    EXPECT_NE(complaint(m.writer()).find(name), std::string::npos);
  }
}

TEST(examples_model, refuses_tensors_that_it_would_ignore) {
  gguf_writer w = small_model().writer();
  w.tensor("blk.0.attn_q.bias", {8}, gguf_writer::f32, std::vector<float>(8));
  EXPECT_SAYS(w, "tensor \"blk.0.attn_q.bias\" is none that this program knows");
}

TEST(examples_model, refuses_a_tokenizer_of_another_size) {
  small_model m;
  m.twice_as_long = "token_embd.weight";
  EXPECT_SAYS(m.writer(), "the tokenizer has 3 tokens, but tensor \"token_embd.weight\" has 6 rows");
}

} // namespace
