// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"
#include "support/llama_session.hpp"

#include <gtest/gtest.h>

namespace {

using namespace heed::testing_support;
using llama::cache_layout;
using tokens = std::vector<llama::token_t>;

const loaded_model& random_model() {
  static const loaded_model m(random_llama({}).bytes());
  return m;
}

TEST(examples_generation, greedy_equals_llama_cpp_for_all_threads_chunks_and_layouts) {
  const std::string path = data_file("stories260K-f32.gguf");
  if (path.empty()) GTEST_SKIP() << "stories260K-f32.gguf is not there (HEED_TEST_DATA names its folder)";
  const loaded_model m(read_text(path));
  const auto entries = json_objects(read_text(data_file("stories260K-greedy.json")));
  ASSERT_EQ(entries.size(), 3u);
  for (const std::string& entry : entries) {
    tokens wanted;
    for (const double t : json_numbers(entry, "greedy_tokens")) wanted.push_back(static_cast<llama::token_t>(t));
    ASSERT_EQ(wanted.size(), 100u);
    const llama::request r = {m.lm.words.encode(json_string(entry, "prompt")), 100, 0, 0};
    for (const std::ptrdiff_t threads : {1, 2, 3})
      for (const std::ptrdiff_t chunk : {1, 2, 256})
        for (const cache_layout layout : {cache_layout::contiguous, cache_layout::paged}) {
          run_options o = {.threads = threads, .chunk = chunk};
          o.cache.layout = layout;
          EXPECT_EQ(continue_texts(m, {r}, o)[0], wanted);
        }
  }
}

TEST(examples_generation, other_tensor_types_run) {
  for (const char* name : {"stories260K-bf16.gguf", "stories260K-q8_0.gguf"}) {
    const std::string path = data_file(name);
    if (path.empty()) GTEST_SKIP() << name << " is not there (HEED_TEST_DATA names its folder)";
    const loaded_model m(read_text(path));
    const tokens text = continue_texts(m, {{m.lm.words.encode("Once upon a time"), 20, 0, 0}}, {})[0];
    std::string words;
    for (const llama::token_t t : text) words += m.lm.words.decode(t);
    EXPECT_EQ(words.substr(0, 30), ", there was a little girl name") << name;
  }
}

std::vector<llama::request> some_requests(double temperature) {
  std::vector<llama::request> out;
  std::mt19937 random(5);
  for (std::size_t i = 0; i < 7; ++i) {
    tokens prompt = {1};
    for (std::size_t n = i * i; n > 0; --n) prompt.push_back(3 + static_cast<llama::token_t>(random() % 50));
    out.push_back({prompt, static_cast<std::ptrdiff_t>(5 + 3 * i), temperature, 100 + i});
  }
  out.push_back({{1, 5}, 0, temperature, 1}); // nothing wanted: nothing said
  return out;
}

TEST(examples_generation, each_text_of_a_batch_equals_its_text_alone) {
  for (const char* policy : {"full", "streaming:sinks=2,window=6", "window:window=5"})
    for (const double temperature : {0., 1.}) {
      const auto requests = some_requests(temperature);
      run_options o;
      o.cache.keep = llama::parse_policy(policy);
      o.cache.page = 4;
      o.cache.layout = cache_layout::paged;
      std::vector<tokens> alone;
      for (const llama::request& r : requests) alone.push_back(continue_texts(random_model(), {r}, o)[0]);
      for (const std::ptrdiff_t parallel : {2, 3, 8, 9})
        for (const std::ptrdiff_t chunk : {3, 256}) {
          o.parallel = parallel;
          // A policy's window tiles differ with the chunk, and with them the last bits; not so for full.
          o.chunk = o.cache.keep.keeps_all() ? chunk : 256;
          o.threads = parallel % 3 + 1;
          EXPECT_EQ(continue_texts(random_model(), requests, o), alone) << policy << " parallel " << parallel;
        }
    }
}

TEST(examples_generation, a_window_over_everything_equals_the_full_cache) {
  const llama::request r = {{1, 9, 30, 8, 12, 44, 31}, 40, 0, 0};
  const tokens full = continue_texts(random_model(), {r}, {})[0];
  for (const char* policy : {"window:window=47", "streaming:sinks=4,window=43", "streaming:sinks=47,window=1"})
    for (const cache_layout layout : {cache_layout::contiguous, cache_layout::paged}) {
      run_options o;
      o.cache.keep = llama::parse_policy(policy);
      o.cache.layout = layout;
      EXPECT_EQ(continue_texts(random_model(), {r}, o)[0], full) << policy;
    }
}

TEST(examples_generation, caches_of_a_policy_stop_growing) {
  const llama::model_shape& s = random_model().lm.weights.shape();
  const std::ptrdiff_t token_bytes = s.layers * s.kv_heads * (s.key_dim + s.value_dim) * 4;
  const llama::request r = {{1, 9, 30, 8, 12, 44, 31}, 200, 0, 0};
  std::ptrdiff_t bytes = 0;
  run_options o = {.chunk = 4};
  continue_texts(random_model(), {r}, o, &bytes);
  EXPECT_EQ(bytes, 207 * token_bytes);
  o.cache.page = 4;
  o.cache.layout = cache_layout::paged;
  continue_texts(random_model(), {r}, o, &bytes);
  EXPECT_EQ(bytes, 208 * token_bytes) << "the last token is never stored, but its page is in use";
  o.cache.keep = llama::parse_policy("streaming:sinks=4,window=16");
  continue_texts(random_model(), {r}, o, &bytes);
  EXPECT_LE(bytes, (4 + 4 + 16 + 4) * token_bytes) << "sinks, and a window cut by pages at both ends";
  o.cache.layout = cache_layout::contiguous;
  o.cache.type = llama::kv_type::bf16;
  continue_texts(random_model(), {r}, o, &bytes);
  EXPECT_EQ(bytes, (4 + 16) * token_bytes / 2);
  o.cache.keep = llama::parse_policy("streaming:sinks=4,window=1000000");
  continue_texts(random_model(), {r}, o, &bytes);
  EXPECT_EQ(bytes, 207 * token_bytes / 2) << "no more than the text has";
}

TEST(examples_generation, ends_at_the_end_token) {
  const loaded_model& m = random_model();
  const tokens text = continue_texts(m, {{{1, 9, 30}, 30, 0, 0}}, {})[0];
  // The same model with the fourth token of that text as its end token.
  gguf_writer w = random_llama({});
  w.add("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(text[3]));
  const auto first = std::find(text.begin(), text.end(), text[3]);
  const loaded_model ending(w.bytes());
  EXPECT_EQ(continue_texts(ending, {{{1, 9, 30}, 30, 0, 0}}, {})[0], tokens(text.begin(), first));
}

TEST(examples_generation, counts_tokens_and_tells_progress) {
  const loaded_model& m = random_model();
  heed::thread_pool pool(1);
  llama::cache_options options;
  options.max_tokens = 40;
  options.max_step = 4;
  const auto cache = llama::make_cache(m.lm.weights.shape(), options, pool);
  llama::engine engine(m.lm.weights, *cache, pool);
  llama::generation_speed speed;
  std::vector<std::ptrdiff_t> read;
  tokens said;
  llama::generation_events events;
  events.progress = [&](std::ptrdiff_t n, std::ptrdiff_t all) {
    EXPECT_EQ(all, 10);
    read.push_back(n);
  };
  events.token = [&](std::size_t, llama::token_t t) { said.push_back(t); };
  const auto texts = llama::generate(engine, *cache, m.lm.words, {{tokens(10, 7), 6, 0, 0}}, {1, 4}, speed, events);
  EXPECT_EQ(read, (std::vector<std::ptrdiff_t>{0, 4, 8, 10}));
  EXPECT_EQ(said, texts[0]);
  EXPECT_EQ(speed.prefill_tokens, 10);
  EXPECT_EQ(speed.decode_tokens, static_cast<std::ptrdiff_t>(texts[0].size()) - 1) << "the first token is the prompt's";
  EXPECT_GT(speed.prefill_per_s(), 0);
}

/// Another cache that notes which rows were said to be of a prompt.
class noting_cache final : public llama::kv_cache {
public:
  noting_cache(llama::kv_cache& to, std::vector<std::string>& notes) : to_(to), notes_(notes) {}
  [[nodiscard]] std::ptrdiff_t seen(std::ptrdiff_t s) const override { return to_.seen(s); }
  void begin_step(const llama::step_rows& rows) override {
    std::string note;
    for (std::size_t s = 0; s < rows.of_prompt.size(); ++s)
      note += (s > 0 ? " " : "") + std::to_string(rows.offsets[s + 1] - rows.offsets[s]) +
              (rows.of_prompt[s] != 0 ? "p" : "");
    notes_.push_back(note);
    to_.begin_step(rows);
  }
  void attend(std::ptrdiff_t layer, const float* q, const float* k, const float* v, float* o) override {
    to_.attend(layer, q, k, v, o);
  }
  void end_step() override { to_.end_step(); }
  void release(std::ptrdiff_t s) override { to_.release(s); }
  [[nodiscard]] std::ptrdiff_t bytes() const override { return to_.bytes(); }
  [[nodiscard]] std::string kernel() const override { return to_.kernel(); }

private:
  llama::kv_cache& to_;
  std::vector<std::string>& notes_;
};

TEST(examples_generation, pieces_of_prompts_are_said_to_be_that) {
  const loaded_model& m = random_model();
  heed::thread_pool pool(1);
  llama::cache_options options;
  options.max_tokens = 20;
  options.max_step = 4;
  options.sequences = 2;
  options.layout = cache_layout::paged;
  const auto cache = llama::make_cache(m.lm.weights.shape(), options, pool);
  std::vector<std::string> steps;
  noting_cache noting(*cache, steps);
  llama::engine engine(m.lm.weights, noting, pool);
  llama::generation_speed speed;
  const std::vector<llama::request> requests = {{tokens(5, 7), 3, 0, 0}, {tokens(9, 8), 2, 0, 0}};
  (void)llama::generate(engine, noting, m.lm.words, requests, {2, 4}, speed);
  EXPECT_EQ(steps, (std::vector<std::string>{"4p 4p", "1p 4p", "1 1p", "1 1"}));
}

TEST(examples_generation, several_texts_need_pages) {
  run_options o = {.parallel = 2};
  EXPECT_THROW(continue_texts(random_model(), some_requests(0), o), llama::usage_error);
}

} // namespace
