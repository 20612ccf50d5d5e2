// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The shipped model finds its facts again through the policies that go by heads and layers, and only by the right ones.
#include "llama/eviction.hpp"
#include "needle/recall.hpp"

#include "support/example_data.hpp"
#include "support/llama_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace {

using namespace heed::testing_support;

const loaded_model& shipped() {
  static const loaded_model m(read_text(repository() / "examples" / "needle_model" / "needle.gguf"));
  return m;
}

llama::head_profile shipped_profile() {
  const llama::model_shape& s = shipped().lm.weights.shape();
  return llama::read_profile((repository() / "examples" / "needle_model" / "profile").string(), s.layers, s.q_heads,
                             s.kv_heads);
}

/// Each layer's numbers at the next layer.
void move_layers(std::vector<float>& list) {
  std::rotate(list.begin(), list.end() - static_cast<std::ptrdiff_t>(list.size() / 4), list.end());
}

constexpr std::ptrdiff_t depths = 6;

/// Six questions at context 512, one of each depth.
needle::recall_row ask(const std::string& policy, const llama::head_profile& profile) {
  needle::recall_options o;
  o.contexts = {512};
  o.depths = depths;
  o.samples = 1;
  o.profile = std::make_shared<llama::head_profile>(profile);
  needle::recall_row row{llama::parse_policy(policy)};
  heed::thread_pool pool(1);
  needle::measure_recall(shipped().lm, pool, o, row, [](std::ptrdiff_t) {});
  EXPECT_EQ(row.refused, "");
  return row;
}

std::ptrdiff_t right(const needle::recall_row& row) {
  return std::accumulate(row.recalled.begin(), row.recalled.end(), std::ptrdiff_t{0});
}

bool holds_fact(const needle::recall_row& row, const needle::kept_tokens& head) {
  for (std::ptrdiff_t i = row.fact_at; i < row.fact_at + 4; ++i) // lead, key and both values
    if (std::find(head.positions.begin(), head.positions.end(), i) == head.positions.end()) return false;
  return true;
}

TEST(examples_recall, compress_kv_finds_every_fact_by_the_heads_of_layer_one_and_splits_its_budget_by_layer_errors) {
  llama::head_profile p = shipped_profile();
  const needle::recall_row row = ask("compress_kv:budget=0.1", p);
  EXPECT_EQ(right(row), depths);
  const auto plan = llama::plan_eviction(row.keep, shipped().lm.weights.shape(), &p, 512);
  for (std::size_t l = 1; l < 4; ++l) EXPECT_GT(plan.budgets[l], plan.budgets[l - 1]) << "as the shipped errors";
  ASSERT_EQ(row.kept.size(), 16u);
  for (const needle::kept_tokens& head : row.kept) {
    // What is said after the prompt stays, but for the last token, which no step read.
    EXPECT_EQ(static_cast<std::ptrdiff_t>(head.positions.size()),
              plan.budgets[static_cast<std::size_t>(head.layer)] + 1)
        << head.layer;
    if (head.layer == 1) {
      EXPECT_TRUE(holds_fact(row, head)) << head.kv_head;
    }
  }
  // Tight enough, it needs the right votes: with layer 1 by the heads that do not retrieve and the others by those that
  // do there, which is what a mix-up of layers would do, facts are lost.
  EXPECT_EQ(right(ask("compress_kv:budget=0.05", p)), depths);
  const std::vector<std::ptrdiff_t> best = p.retrieval_heads[1];
  for (auto& ranking : p.retrieval_heads) ranking = best;
  p.retrieval_heads[1] = {best.rbegin(), best.rend()};
  EXPECT_LT(right(ask("compress_kv:budget=0.05", p)), depths);
}

TEST(examples_recall, duo_attention_finds_every_fact_while_the_heads_that_retrieve_stay_full) {
  llama::head_profile p = shipped_profile();
  const needle::recall_row row = ask("duo_attention:full=0.5", p);
  EXPECT_EQ(right(row), depths);
  for (const needle::kept_tokens& head : row.kept)
    if (head.layer == 1 && head.kv_head < 2) {
      EXPECT_TRUE(holds_fact(row, head));
    }
  move_layers(p.reconstruction_gates);
  EXPECT_LT(right(ask("duo_attention:full=0.5", p)), depths);
}

TEST(examples_recall, razor_attention_finds_every_fact_while_the_heads_that_retrieve_stay_full) {
  llama::head_profile p = shipped_profile();
  const needle::recall_row row = ask("razor_attention:local=0.2", p);
  EXPECT_EQ(right(row), depths);
  for (const needle::kept_tokens& head : row.kept)
    if (head.layer == 1 && head.kv_head < 2) {
      EXPECT_TRUE(holds_fact(row, head));
    }
  move_layers(p.echo);
  move_layers(p.induction);
  EXPECT_LT(right(ask("razor_attention:local=0.2", p)), depths);
}

} // namespace
