// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"
#include "support/llama_double.hpp"
#include "support/llama_session.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace {

using namespace heed::testing_support;
using llama::cache_layout;
using tokens = std::vector<llama::token_t>;

tokens some_text(const loaded_model& m, std::size_t n) {
  std::mt19937 random(9);
  tokens out = {1};
  while (out.size() < n)
    out.push_back(static_cast<llama::token_t>(random() % static_cast<std::uint32_t>(m.lm.words.size())));
  return out;
}

/// Largest difference from a float64 pass over the same numbers.
double distance(const loaded_model& m, const tokens& text, const llama::cache_options& options = {},
                std::ptrdiff_t chunk = 16) {
  const std::vector<double> wanted = llama_double(m.file).logits(text, options.keep.sinks, options.keep.window);
  const std::vector<float> got = logits_of(m, text, chunk, 2, options);
  EXPECT_EQ(got.size(), wanted.size());
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(got[i]) - wanted[i]));
  return worst;
}

constexpr double logit_bound = 1e-3;

TEST(examples_engine, logits_equal_a_float64_pass_for_every_tensor_type) {
  for (const std::uint32_t type : {gguf_writer::f32, gguf_writer::f16, gguf_writer::bf16, gguf_writer::q8_0})
    for (const bool tied : {false, true}) {
      const loaded_model m(random_llama({.type = type, .tied = tied}).bytes());
      EXPECT_LT(distance(m, some_text(m, 40)), logit_bound) << type;
    }
}

TEST(examples_engine, logits_equal_a_float64_pass_for_every_group_ratio) {
  for (const std::uint32_t kv_heads : {1u, 2u, 4u, 8u}) {
    const loaded_model m(
        random_llama({.q_heads = 8, .kv_heads = kv_heads, .key_dim = 8, .value_dim = 8, .rope_dims = 8}).bytes());
    EXPECT_LT(distance(m, some_text(m, 20)), logit_bound) << kv_heads;
  }
}

TEST(examples_engine, rotary_frequencies_are_scaled_as_the_file_says) {
  gguf_writer linear = random_llama({});
  linear.add("llama.rope.scaling.type", "linear");
  linear.add("llama.rope.scaling.factor", 4.f);
  gguf_writer divided = random_llama({});
  divided.tensor("rope_freqs.weight", {6}, gguf_writer::f32, {1, 1, 1.5f, 3, 8, 8});
  gguf_writer yarn = random_llama({});
  yarn.add("llama.rope.scaling.type", "yarn");
  yarn.add("llama.rope.scaling.factor", 4.f);
  yarn.add("llama.rope.scaling.original_context_length", std::uint32_t{512});
  gguf_writer faster = yarn;
  faster.add("llama.rope.scaling.yarn_beta_fast", 4.f);
  const loaded_model plain(random_llama({}).bytes());
  const tokens text = some_text(plain, 40);
  const std::vector<float> unscaled = logits_of(plain, text, 40, 1);
  EXPECT_NE(logits_of(loaded_model(yarn.bytes()), text, 40, 1), logits_of(loaded_model(faster.bytes()), text, 40, 1));
  for (const gguf_writer* w : {&linear, &divided, &yarn, &faster}) {
    const loaded_model m(w->bytes());
    EXPECT_LT(distance(m, text), logit_bound);
    EXPECT_NE(logits_of(m, text, 40, 1), unscaled);
  }
}

TEST(examples_engine, policies_see_what_they_promise) {
  const loaded_model m(random_llama({}).bytes());
  const tokens text = some_text(m, 60);
  for (const cache_layout layout : {cache_layout::contiguous, cache_layout::paged})
    for (const char* policy : {"streaming:sinks=4,window=9", "streaming:sinks=0,window=1",
                               "streaming:sinks=30,window=20", "window:window=16", "window:window=100"})
      for (const std::ptrdiff_t chunk : {1, 7, 60}) {
        llama::cache_options options;
        options.keep = llama::parse_policy(policy);
        options.layout = layout;
        options.page = 4;
        EXPECT_LT(distance(m, text, options, chunk), logit_bound) << policy << " chunk " << chunk;
      }
}

// heed takes another kernel for few rows that are not said to be a prompt's, so token by token is compared with itself.
TEST(examples_engine, bits_depend_neither_on_chunks_nor_threads_nor_layout) {
  const loaded_model m(random_llama({}).bytes());
  const tokens text = some_text(m, 75);
  const std::vector<float> whole = logits_of(m, text, 75, 1), single = logits_of(m, text, 1, 1);
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], single[i], logit_bound);
  for (const std::ptrdiff_t threads : {1, 2, 3})
    for (const std::ptrdiff_t chunk : {1, 7, 32, 75})
      for (const std::ptrdiff_t page : {0, 1, 16, 5}) {
        llama::cache_options options;
        options.layout = page > 0 ? cache_layout::paged : cache_layout::contiguous;
        options.page = page > 0 ? page : 1;
        const std::vector<float> part = logits_of(m, text, chunk, threads, options);
        const std::vector<float>& wanted = chunk == 1 ? single : whole;
        ASSERT_EQ(part.size(), wanted.size());
        EXPECT_EQ(std::memcmp(part.data(), wanted.data(), wanted.size() * sizeof(float)), 0)
            << "threads " << threads << ", chunk " << chunk << ", page " << page;
      }
}

TEST(examples_engine, a_prompt_in_pieces_of_any_size_has_the_bits_of_the_whole) {
  const loaded_model m(random_llama({}).bytes());
  const tokens text = some_text(m, 150);
  const std::vector<float> whole = logits_of(m, text, 150, 1);
  const auto expect_whole = [&](std::ptrdiff_t chunk, const llama::cache_options& options, const char* where) {
    const std::vector<float> part = logits_of(m, text, chunk, 2, options, chunk_kind::prompt);
    ASSERT_EQ(part.size(), whole.size());
    EXPECT_EQ(std::memcmp(part.data(), whole.data(), whole.size() * sizeof(float)), 0)
        << where << ", chunks of " << chunk;
  };
  for (const std::ptrdiff_t chunk : {1, 3, 64, 150}) {
    llama::cache_options options;
    expect_whole(chunk, options, "contiguous");
    options.layout = cache_layout::paged;
    expect_whole(chunk, options, "paged");
    // A list per head, where each is full until the prompt ends.
    options.keep = llama::parse_policy("snap_kv:budget=100");
    options.prompt_tokens = 150;
    expect_whole(chunk, options, "evicting");
  }
}

TEST(examples_engine, a_sequence_does_not_feel_the_others) {
  const loaded_model m(random_llama({}).bytes());
  const tokens a = some_text(m, 40), b(a.rbegin(), a.rend());
  const auto row = static_cast<std::size_t>(m.lm.words.size());
  // Chunks of 8, then token by token.
  const std::vector<float> alone_a = logits_in(m, a, {8, 8, 8, 8, 1, 1, 1, 1, 1, 1, 1, 1});
  const std::vector<float> alone_b = logits_in(m, b, {30, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  heed::thread_pool pool(2);
  llama::cache_options options;
  options.layout = cache_layout::paged;
  options.sequences = 3;
  options.max_tokens = options.max_step = 40;
  const auto cache = llama::make_cache(m.lm.weights.shape(), options, pool);
  llama::engine engine(m.lm.weights, *cache, pool);
  // The third never takes part.
  const auto step = [&](std::ptrdiff_t a0, std::ptrdiff_t a1, std::ptrdiff_t b0, std::ptrdiff_t b1) {
    llama::batch batch;
    batch.tokens.assign(a.begin() + a0, a.begin() + a1);
    batch.tokens.insert(batch.tokens.end(), b.begin() + b0, b.begin() + b1);
    batch.row_offsets = {0, a1 - a0, a1 - a0 + b1 - b0, a1 - a0 + b1 - b0};
    for (std::ptrdiff_t r = 0; r < batch.row_offsets.back(); ++r) batch.logits_of.push_back(r);
    const auto logits = engine.step(batch);
    const auto same = [&](const std::vector<float>& whole, std::ptrdiff_t from, std::ptrdiff_t count,
                          std::ptrdiff_t at) {
      return std::memcmp(whole.data() + from * static_cast<std::ptrdiff_t>(row),
                         logits.data() + at * static_cast<std::ptrdiff_t>(row),
                         static_cast<std::size_t>(count) * row * sizeof(float)) == 0;
    };
    EXPECT_TRUE(same(alone_a, a0, a1 - a0, 0));
    EXPECT_TRUE(same(alone_b, b0, b1 - b0, a1 - a0));
  };
  step(0, 8, 0, 30);
  for (std::ptrdiff_t i = 0; i < 3; ++i) step(8 + 8 * i, 16 + 8 * i, 30 + i, 31 + i);
  for (std::ptrdiff_t i = 0; i < 7; ++i) step(32 + i, 33 + i, 33 + i, 34 + i);
}

TEST(examples_engine, sixteen_bit_caches_stay_near) {
  const loaded_model m(random_llama({}).bytes());
  const tokens text = some_text(m, 40);
  // Logits are of order 1 and come 1.4 roundings of the cache's type away: f16 rounds by 2^-11, bf16 by 2^-8.
  for (const auto& [type, bound] : {std::pair(llama::kv_type::f16, 4 * 0x1p-11), {llama::kv_type::bf16, 4 * 0x1p-8}}) {
    llama::cache_options options;
    options.type = type;
    const double d = distance(m, text, options);
    EXPECT_LT(d, bound);
    EXPECT_GT(d, 1e-5) << "rounding must show";
  }
}

TEST(examples_engine, logits_of_files) {
  for (const char* name : {"stories260K-f32.gguf", "stories260K-bf16.gguf", "stories260K-q8_0.gguf"}) {
    const std::string path = data_file(name);
    if (path.empty()) GTEST_SKIP() << name << " is not there (HEED_TEST_DATA names its folder)";
    const loaded_model m(read_text(path));
    EXPECT_LT(distance(m, m.lm.words.encode("Once upon a time, there was a little girl named Lily. She")), logit_bound)
        << name;
  }
}

TEST(examples_engine, logits_of_an_f16_file_by_another_writer) {
  const std::string source = data_file("stories260K-f32.gguf");
  if (source.empty()) GTEST_SKIP() << "stories260K-f32.gguf is not there (HEED_TEST_DATA names its folder)";
  const char* given = std::getenv("HEED_TEST_PYTHON");
  const std::string python = given != nullptr ? given : "python3";
  if (std::system((python + " -c 'import gguf' 2>/dev/null").c_str()) != 0)
    GTEST_SKIP() << python << " has no package gguf (pip install gguf; HEED_TEST_PYTHON names another interpreter)";
  // Beside this program, in the build folder.
  const std::filesystem::path made =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "stories260K-f16.gguf";
  const std::string script = (repository() / "tests" / "support" / "make_gguf_types.py").string();
  ASSERT_EQ(std::system((python + " '" + script + "' '" + source + "' '" + made.string() + "' F16").c_str()), 0);
  const loaded_model m(read_text(made));
  EXPECT_EQ(m.file.find("blk.0.attn_q.weight")->type, llama::tensor_type::f16);
  EXPECT_LT(distance(m, m.lm.words.encode("Once upon a time, there was a little girl named Lily. She")), logit_bound);
}

TEST(examples_engine, logits_of_llama_cpp) {
  const std::string path = data_file("stories260K-f32.gguf");
  if (path.empty()) GTEST_SKIP() << "stories260K-f32.gguf is not there (HEED_TEST_DATA names its folder)";
  const loaded_model m(read_text(path));
  for (const std::string& entry : json_objects(read_text(data_file("stories260K-greedy.json")))) {
    const tokens prompt = m.lm.words.encode(json_string(entry, "prompt"));
    const std::vector<double> wanted = json_numbers(entry, "last_prompt_logits");
    const std::vector<float> logits = logits_of(m, prompt, 3, 1);
    ASSERT_EQ(wanted.size(), static_cast<std::size_t>(m.lm.words.size()));
    for (std::size_t i = 0; i < wanted.size(); ++i)
      EXPECT_NEAR(logits[logits.size() - wanted.size() + i], wanted[i], logit_bound);
  }
}

} // namespace
