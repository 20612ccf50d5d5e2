// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What heed_profile measures of heads and layers.
#include "profile/head_scores.hpp"
#include "profile/layer_error.hpp"

#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"
#include "support/llama_session.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace {

using namespace heed::testing_support;

TEST(examples_profile, prompts_are_spread_over_lengths_and_depths) {
  const auto prompts = profile::spread_prompts({64, 80}, 3, 2, 7);
  ASSERT_EQ(prompts.size(), 12u);
  EXPECT_EQ(prompts[0].seed, 7u);
  EXPECT_EQ(prompts[11].seed, 18u);
  EXPECT_EQ(prompts[0].depth, 0);
  EXPECT_EQ(prompts[3].depth, 50);
  EXPECT_EQ(prompts[11].depth, 100);
  EXPECT_EQ(prompts[5].length, 64);
  EXPECT_EQ(prompts[6].length, 80);
}

TEST(examples_profile, groups_share_a_mean_or_a_greatest) {
  profile::head_table t(1, 4);
  t.numbers = {1, 3, 5, 2};
  EXPECT_EQ(profile::mean_over_groups(t, 2).numbers, (std::vector<double>{2, 3.5}));
  EXPECT_EQ(profile::max_over_groups(t, 2).numbers, (std::vector<double>{3, 5}));
}

TEST(examples_profile, rows_that_copy_are_echo_and_rows_that_follow_copies_are_induction) {
  // 10 tokens, told three times behind the first one.
  constexpr std::ptrdiff_t length = 10, tokens = 31;
  for (std::ptrdiff_t query = length + 1; query < tokens; ++query) {
    std::vector<float> copies(tokens), next(tokens);
    const auto times = static_cast<float>((query - 1) / length); // earlier copies
    for (std::ptrdiff_t j = query - length; j > 0; j -= length) {
      copies[static_cast<std::size_t>(j)] = 1 / times;
      next[static_cast<std::size_t>(j + 1)] = 1 / times;
    }
    EXPECT_EQ(profile::mass_on_copies(copies.data(), query, length).echo, 1) << query;
    EXPECT_EQ(profile::mass_on_copies(copies.data(), query, length).induction, 0) << query;
    EXPECT_EQ(profile::mass_on_copies(next.data(), query, length).echo, 0) << query;
    EXPECT_EQ(profile::mass_on_copies(next.data(), query, length).induction, 1) << query;
    std::vector<float> nearest(tokens);
    nearest[static_cast<std::size_t>(query - length)] = 1; // a_{i, i - K} = 1
    EXPECT_EQ(profile::mass_on_copies(nearest.data(), query, length).echo, 1) << query;
    EXPECT_EQ(profile::mass_on_copies(nearest.data(), query, length).induction, 0) << query;
  }
}

TEST(examples_profile, even_rows_have_a_half_recent_ones_nothing_and_sinks_one) {
  std::vector<float> even(500, 1.f / 500), recent(500), sink(500);
  recent.back() = 1;
  sink.front() = 1;
  EXPECT_NEAR(profile::mean_running_sum(even.data(), 500), 501. / 1000, 1e-7); // 1 / 500 is rounded to f32
  EXPECT_DOUBLE_EQ(profile::mean_running_sum(recent.data(), 500), 1. / 500);
  EXPECT_DOUBLE_EQ(profile::mean_running_sum(sink.data(), 500), 1.);
}

TEST(examples_profile, scores_are_shares_of_attention) {
  const loaded_model m(random_llama({.layers = 2, .extra_pieces = 1200}).bytes());
  heed::thread_pool pool(1);
  const auto prompts = profile::spread_prompts({70}, 2, 1, 1);
  const auto r = profile::score_repetition(m.lm, pool, 20, 3, 1, 1);
  // Small random weights attend almost evenly: two earlier copies at most, of some forty tokens.
  for (const auto* t : {&r.echo, &r.induction})
    for (const double x : t->numbers) {
      EXPECT_GT(x, 0.005);
      EXPECT_LT(x, 0.2);
    }
  for (const double x : profile::score_positions(m.lm, pool, prompts, 100).numbers) {
    EXPECT_GT(x, 0.2) << "even attention has 0.505";
    EXPECT_LT(x, 0.8);
  }
  for (const double x : profile::score_reconstruction(m.lm, pool, prompts).numbers) {
    EXPECT_GT(x, 1. / 140);
    EXPECT_LT(x, 0.5);
  }
  EXPECT_EQ(profile::score_retrieval(m.lm, pool, prompts).kept, 0) << "a random model answers nothing";
  const std::vector<std::vector<std::ptrdiff_t>> heads(2, {0, 1, 2, 3});
  const auto e = profile::measure_layer_error(m.lm, pool, heads, prompts, {}, 32, 3);
  EXPECT_EQ(e.steps, 6);
  EXPECT_NEAR(std::accumulate(e.share.begin(), e.share.end(), 0.), 1, 1e-9);
  // A shadow of everything is the full cache.
  const auto none = profile::measure_layer_error(m.lm, pool, heads, prompts, {}, 70, 3);
  for (const double x : none.share) EXPECT_LT(x, 1e-3);
}

TEST(examples_profile, the_shipped_model_retrieves_with_four_heads_of_one_layer) {
  const auto path = repository() / "examples" / "needle_model" / "needle.gguf";
  if (!std::filesystem::exists(path)) FAIL() << "examples/needle_model/needle.gguf is missing";
  const loaded_model m(read_text(path));
  heed::thread_pool pool(1);
  const auto r = profile::score_retrieval(m.lm, pool, profile::spread_prompts({128}, 2, 1, 5));
  EXPECT_EQ(r.kept, 2);
  const auto again = profile::score_repetition(m.lm, pool, 60, 2, 1, 5);
  for (std::ptrdiff_t l = 0; l < 4; ++l)
    for (std::ptrdiff_t h = 0; h < 8; ++h) {
      const bool retrieves = l == 1 && h < 4;
      EXPECT_EQ(r.score.at(l, h) > 1.5, retrieves) << l << " " << h;
      EXPECT_EQ(again.induction.at(l, h) > 0.5, retrieves) << l << " " << h;
      EXPECT_LT(again.echo.at(l, h), 0.1);
    }
}

} // namespace
