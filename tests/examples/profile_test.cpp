// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What heed_profile measures of heads and layers.
#include "profile/head_scores.hpp"
#include "profile/layer_error.hpp"
#include "profile/reader.hpp"

#include "support/example_data.hpp"
#include "support/gguf_writer.hpp"
#include "support/llama_session.hpp"

#include <gtest/gtest.h>

#include <cmath>
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

/// The attention of one key-value head over these slots only, by the probabilities over all.
std::vector<double> attend_to(const profile::layer_view& at, const llama::model_shape& s, std::ptrdiff_t head,
                              const std::vector<std::ptrdiff_t>& slots) {
  std::vector<double> o(static_cast<std::size_t>(s.value_dim));
  double sum = 0;
  for (const std::ptrdiff_t j : slots) sum += static_cast<double>(at.row(head, 0)[j]);
  for (const std::ptrdiff_t j : slots)
    for (std::ptrdiff_t d = 0; d < s.value_dim; ++d)
      o[static_cast<std::size_t>(d)] +=
          static_cast<double>(at.row(head, 0)[j]) / sum *
          static_cast<double>(at.v[(j * s.kv_heads + head / (s.q_heads / s.kv_heads)) * s.value_dim + d]);
  return o;
}

TEST(examples_profile, layer_errors_are_those_of_the_output_over_the_window_and_the_slot_most_looked_at) {
  // A shadow of nine tokens: the window of eight, and the slot before it to which two heads give most, averaged over
  // five neighbours.
  const loaded_model m(random_llama({.layers = 3, .extra_pieces = 1200}).bytes());
  const llama::model_shape& s = m.lm.weights.shape();
  heed::thread_pool pool(1);
  const std::vector<std::vector<std::ptrdiff_t>> heads = {{1, 3}, {0, 2}, {3, 0}};
  const auto prompts = profile::spread_prompts({70}, 2, 1, 3);
  std::vector<double> errors(3);
  profile::reader text(m.lm, pool, 71);
  for (const needle::prompt_options& o : prompts) {
    const auto tokens = needle::draw_prompt(o).tokens;
    const std::span<const needle::token_t> all = tokens;
    std::vector<std::ptrdiff_t> chosen(3);
    text.begin();
    text.read(all.first(62), 62, 0, {});
    const auto last = text.read(all.last(8), 8, 8, [&](const profile::layer_view& at) {
      const auto layer = static_cast<std::size_t>(at.layer);
      double most = -1;
      for (std::ptrdiff_t j = 0; j < 62; ++j) {
        double score = 0;
        for (std::ptrdiff_t i = std::max<std::ptrdiff_t>(0, j - 2); i <= std::min<std::ptrdiff_t>(61, j + 2); ++i)
          for (const std::ptrdiff_t h : heads[layer])
            for (std::ptrdiff_t r = 0; r < 8; ++r) score += static_cast<double>(at.row(h, r)[i]);
        if (score > most) {
          most = score;
          chosen[layer] = j;
        }
      }
    });
    text.read({&last, 1}, 1, 1, [&](const profile::layer_view& at) {
      std::vector<float> shadow, output(static_cast<std::size_t>(s.width)), whole(output.size());
      std::vector<std::ptrdiff_t> slots = {chosen[static_cast<std::size_t>(at.layer)]};
      for (std::ptrdiff_t j = 62; j < 71; ++j) slots.push_back(j);
      for (std::ptrdiff_t h = 0; h < s.q_heads; ++h)
        for (const double x : attend_to(at, s, h, slots)) shadow.push_back(static_cast<float>(x));
      const llama::linear& w = m.lm.weights.layers()[static_cast<std::size_t>(at.layer)].output;
      w.apply(pool, shadow.data(), 1, output.data());
      w.apply(pool, at.o, 1, whole.data());
      double difference = 0, norm = 0;
      for (std::size_t i = 0; i < whole.size(); ++i) {
        const auto x = static_cast<double>(output[i]), y = static_cast<double>(whole[i]);
        difference += (x - y) * (x - y);
        norm += y * y;
      }
      errors[static_cast<std::size_t>(at.layer)] += std::sqrt(difference / norm);
    });
  }
  const double sum = errors[0] + errors[1] + errors[2];
  const auto e = profile::measure_layer_error(m.lm, pool, heads, prompts, {}, 9, 1);
  for (std::size_t l = 0; l < 3; ++l) EXPECT_NEAR(e.share[l], errors[l] / sum, 1e-3) << l;
  EXPECT_GT(std::abs(errors[0] - errors[1]) / sum, 0.01) << "shares that differ";
}

TEST(examples_profile, copies_have_their_share_of_even_attention_averaged_over_the_rows) {
  // A query at i gives each slot about 1 / (i + 1).
  const loaded_model m(random_llama({.layers = 1, .extra_pieces = 1200}).bytes());
  heed::thread_pool pool(1);
  constexpr std::ptrdiff_t length = 40, repeats = 4;
  double even = 0;
  for (std::ptrdiff_t i = length + 1; i <= length * repeats; ++i)
    even += static_cast<double>((i - 1) / length) / static_cast<double>((i + 1) * length * (repeats - 1));
  const auto r = profile::score_repetition(m.lm, pool, length, repeats, 2, 1);
  for (const auto* t : {&r.echo, &r.induction})
    for (const double x : t->numbers) EXPECT_NEAR(x / even, 1, 0.3);
}

TEST(examples_profile, retrieval_is_the_mass_on_the_fact_behind_each_right_token_of_the_answer) {
  const loaded_model m(read_text(repository() / "examples" / "needle_model" / "needle.gguf"));
  heed::thread_pool pool(1);
  const auto prompts = profile::spread_prompts({100}, 3, 1, 5);
  profile::reader text(m.lm, pool, 103);
  std::vector<double> sum(32);
  for (const needle::prompt_options& o : prompts) {
    const needle::prompt p = needle::draw_prompt(o);
    text.begin();
    text.read(std::span(p.tokens).first(99), 99, 0, {});
    needle::token_t last = p.tokens.back();
    for (const needle::token_t expected : {p.answer[0], p.answer[1], needle::vocabulary::stop}) {
      last = text.read({&last, 1}, 1, 1, [&](const profile::layer_view& at) {
        for (std::ptrdiff_t h = 0; h < 8; ++h)
          for (std::ptrdiff_t j = p.fact_at; j < p.fact_at + 5; ++j)
            sum[static_cast<std::size_t>(at.layer * 8 + h)] += static_cast<double>(at.row(h, 0)[j]);
      });
      ASSERT_EQ(last, expected);
    }
  }
  const auto r = profile::score_retrieval(m.lm, pool, prompts);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_NEAR(r.score.numbers[i], sum[i] / 3, 1e-6) << i;
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
