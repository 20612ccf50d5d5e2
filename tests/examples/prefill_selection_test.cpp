// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Prompts read through block lists.
#include "llama/prefill_selection.hpp"

#include "needle/prompts.hpp"

#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"
#include "support/llama_session.hpp"

#include <gtest/gtest.h>

namespace {

using namespace heed::testing_support;
using tokens = std::vector<llama::token_t>;

struct reading {
  tokens said;
  llama::selection_report report;
};
reading read(const loaded_model& m, const tokens& prompt, const std::string& prefill, std::ptrdiff_t chunk,
             std::ptrdiff_t threads = 1) {
  llama::cache_options c;
  c.prompt_tokens = static_cast<std::ptrdiff_t>(prompt.size());
  c.max_tokens = c.prompt_tokens + 8;
  c.max_step = std::min(chunk, c.prompt_tokens);
  heed::thread_pool pool(threads);
  const auto cache = llama::make_selecting_cache(m.lm.weights.shape(), c, llama::parse_prefill(prefill),
                                                 llama::selection_checks::on, pool);
  llama::engine engine(m.lm.weights, *cache, pool);
  llama::generation_speed speed;
  auto said = llama::generate(engine, *cache, m.lm.words, {{prompt, 8, 0, 0}}, {1, chunk}, speed)[0];
  return {std::move(said), cache->report()};
}

TEST(examples_prefill_selection, lists_of_everything_equal_dense) {
  const loaded_model m(random_llama({}).bytes());
  tokens prompt = {1};
  std::mt19937 random(3);
  while (prompt.size() < 150) prompt.push_back(3 + static_cast<llama::token_t>(random() % 50));
  const tokens dense = continue_texts(m, {{prompt, 8, 0, 0}}, {})[0];
  for (const char* all : {"proxy_attn:gamma=1", "anchor_attn:theta=1000", "xattention:threshold=1",
                          "vertical_slash:vertical=1000,slash=1000"})
    for (const std::ptrdiff_t chunk : {64, 128, 256}) {
      const reading r = read(m, prompt, all, chunk);
      EXPECT_EQ(r.said, dense) << all << " chunk " << chunk;
      EXPECT_NEAR(r.report.density, 1, 1e-12) << all;
      EXPECT_NEAR(r.report.recall, 1, 1e-4) << all;
      EXPECT_EQ(r.report.selections, m.lm.weights.shape().layers * ((150 + chunk - 1) / chunk));
    }
}

TEST(examples_prefill_selection, the_shipped_model_reads_a_part_of_the_pairs) {
  const auto path = repository() / "examples" / "needle_model" / "needle.gguf";
  if (!std::filesystem::exists(path)) FAIL() << "examples/needle_model/needle.gguf is missing";
  const loaded_model m(read_text(path));
  const needle::prompt p = needle::draw_prompt({.seed = std::uint64_t{1} << 32, .length = 1024});
  for (const char* name : {"proxy_attn", "anchor_attn", "xattention", "vertical_slash"}) {
    const reading r = read(m, p.tokens, name, 1024);
    EXPECT_GT(r.report.density, 0.1) << name;
    EXPECT_LT(r.report.density, 0.5) << name;
    EXPECT_GT(r.report.recall, r.report.density) << name << ": more than chance";
    EXPECT_LT(r.report.recall, 1) << name;
    EXPECT_GT(r.report.estimate, 0) << name;
    EXPECT_LT(r.report.estimate, 0.2) << name;
    EXPECT_EQ(read(m, p.tokens, name, 1024, 2).said, r.said) << name << ", two threads";
  }
}

} // namespace
