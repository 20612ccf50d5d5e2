// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Budgets of layers: the values printed in the sources, exact totals, limits, and what is refused.
#include <heed/evict/layer_budget.hpp>
#include <heed/testing/eviction_laws.hpp>

#include <gtest/gtest.h>

#include <numeric>
#include <support/random.hpp>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using heed::test::refusal;
using list = std::vector<index_t>;

index_t sum(const list& x) { return std::accumulate(x.begin(), x.end(), index_t{0}); }

refusal weighed(const std::vector<double>& weights, index_t total, const budget_limits& limits, list& out) {
  return weighted_layers{weights, limits}.allocate(total, out);
}
list compress(const std::vector<double>& weights, index_t total, const budget_limits& limits) {
  list out(weights.size(), -1);
  EXPECT_EQ(weighed(weights, total, limits, out), refusal{});
  return out;
}
list pyramid_of(index_t each, index_t layers, const pyramid& p) {
  list out(static_cast<std::size_t>(layers), -1);
  pyramid_budget(each * layers, p, out);
  return out;
}

TEST(evict_layer_budget, of_compress_kv_equals_the_printed_examples) {
  EXPECT_EQ(compress({.5, .3, .2}, 30, {4, 18}), (list{13, 9, 8}));
  EXPECT_EQ(compress({.7, .2, .1}, 30, {4, 15}), (list{15, 9, 6}));
  EXPECT_EQ(compress({.34, .33, .33}, 31, {4, 30}), (list{11, 10, 10}));
}

TEST(evict_layer_budget, of_pyramid_kv_equals_the_printed_example) {
  EXPECT_EQ(pyramid_of(64, 4, {.window = 8, .tokens = 1000}), (list{118, 82, 46, 10})); // prefix 110, 74, 38, 2
  const list repaired = pyramid_of(128, 32, {.window = 8, .tokens = 8000});
  EXPECT_EQ(sum(repaired), 128 * 32) << "the source's step of 7 gives 125.5 tokens of prefix a layer instead of 120";
  EXPECT_EQ(repaired.front(), 8 + 234 - 5);
  EXPECT_EQ(repaired.back(), 8 + 234 - 31 * 7 - 6);
  for (std::size_t l = 1; l < repaired.size(); ++l) EXPECT_LE(repaired[l], repaired[l - 1]);
}

TEST(evict_layer_budget, of_a_pyramid_is_flat_for_short_sequences_and_small_budgets) {
  EXPECT_EQ(pyramid_of(64, 4, {.window = 8, .tokens = 111}), (list{64, 64, 64, 64}));
  EXPECT_EQ(pyramid_of(8, 4, {.window = 8, .tokens = 1000}), (list{8, 8, 8, 8}));
  // The widest layer is no longer than the prefix: 112 - 8.
  const list cut = pyramid_of(64, 4, {.window = 8, .tokens = 112});
  EXPECT_EQ(cut, (list{112, 80, 48, 16}));
  // Without a slope the total is exact all the same, also where it is no multiple of the layers.
  list slope(4);
  pyramid_budget(131, {.window = 8, .beta = 1, .tokens = 1000}, slope);
  EXPECT_EQ(slope, (list{33, 33, 33, 32}));
  pyramid_budget(131, {.window = 20, .beta = 20, .tokens = 32}, slope);
  EXPECT_EQ(slope, (list{33, 33, 33, 32})) << "the prefix of 12 is all that there is beside the window";
}

TEST(evict_layer_budget, totals_are_exact_and_limits_hold_for_any_weights) {
  test::random draw(7);
  for (int trial = 0; trial < 2000; ++trial) {
    const index_t layers = draw.integer(1, 40), least = draw.integer(0, 40);
    const index_t most = least + draw.integer(0, 300);
    const index_t total = draw.integer(least * layers, most * layers);
    std::vector<double> weights(static_cast<std::size_t>(layers));
    double all = 0;
    for (double& w : weights) all += w = draw.chance(4) ? 0. : static_cast<double>(draw.integer(0, 1000));
    for (double& w : weights) w = all > 0 ? w / all : 0.;
    const list b = compress(weights, total, {least, most});
    EXPECT_EQ(sum(b), total);
    for (const index_t x : b) EXPECT_TRUE(x >= least && x <= most) << x;
    const index_t each = draw.integer(1, 200);
    const pyramid p{draw.integer(1, 64), draw.integer(2, 30), draw.integer(1, 4000)};
    const list slope = pyramid_of(each, layers, p);
    EXPECT_EQ(sum(slope), each * layers);
    for (const index_t x : slope) EXPECT_GE(x, lesser(each, p.window));
    list flat(static_cast<std::size_t>(layers));
    uniform_budget(total, flat);
    EXPECT_EQ(sum(flat), total);
    EXPECT_LE(flat.front() - flat.back(), 1);
  }
}

static_assert(budget_allocator<uniform_layers> && budget_allocator<pyramid_layers> &&
              budget_allocator<weighted_layers>);

TEST(evict_layer_budget, allocators_are_lawful) {
  const std::vector<double> weights{.3, .1, .4, .2};
  for (const index_t total : {0, 1, 7, 128, 4001}) {
    EXPECT_FALSE(heed::testing::check_allocator(uniform_layers{}, total, 4)) << total;
    EXPECT_FALSE(heed::testing::check_allocator(pyramid_layers{{.window = 8, .tokens = 700}}, total, 4)) << total;
    EXPECT_FALSE(heed::testing::check_allocator(weighted_layers{weights}, total, 4)) << total;
  }
}

TEST(evict_layer_budget, repair_goes_round_within_limits) {
  list b{5, 5, 5};
  EXPECT_EQ(repair_sum(b, 17, {0, 6}), 0);
  EXPECT_EQ(b, (list{6, 6, 5}));
  EXPECT_EQ(repair_sum(b, 20, {0, 6}), 2) << "what the limits leave missing";
  const std::vector<double> weights{.3, .5, .2};
  EXPECT_EQ(repair_sum<double>(b, 13, {4, 6}, weights), 0);
  EXPECT_EQ(b, (list{4, 5, 4})) << "the lightest lose first: 2, 0, 1, then 0";
  EXPECT_EQ(repair_sum<double>(b, 16, {4, 6}, weights), 0);
  EXPECT_EQ(b, (list{5, 6, 5})) << "the heaviest gain first: 1, 0, 2";
}

TEST(evict_layer_budget, halves_round_to_even) {
  EXPECT_EQ(round_half_even(0.5), 0);
  EXPECT_EQ(round_half_even(1.5), 2);
  EXPECT_EQ(round_half_even(2.5), 2);
  EXPECT_EQ(round_half_even(2.5000001), 3);
  EXPECT_EQ(compress({.5, .5}, 5, {0, 5}), (list{3, 2})); // 2.5 each: 2 and 2, then the first gains
}

TEST(evict_layer_budget, refuses_totals_out_of_reach_before_writing) {
  list out(3, 77);
  EXPECT_EQ(weighed({.5, .3, .2}, 11, {4, 18}, out),
            (refusal{errc::bad_value, "layer_budget: total is 11, but min in every layer needs 12"}));
  EXPECT_EQ(weighed({.5, .3, .2}, 55, {4, 18}, out),
            (refusal{errc::bad_value, "layer_budget: total is 55, but max in every layer holds 54"}));
  EXPECT_EQ(weighed({.5, .5}, 30, {4, 18}, out),
            (refusal{errc::bad_extent, "layer_budget: number of weights is 2, the layers are 3"}));
  EXPECT_EQ(weighed({.5, 1.2, .5}, 30, {4, 18}, out),
            (refusal{errc::bad_value, "layer_budget: weights[1] is 1.2, must be from 0 to 1"}));
  EXPECT_EQ(weighed({.5, .3, .2}, 30, {-1, 18}, out),
            (refusal{errc::bad_value, "layer_budget: min is -1, the least is 0"}));
  EXPECT_EQ(weighed({.5, .3, .2}, 30, {19, 18}, out),
            (refusal{errc::bad_value, "layer_budget: max is 18, but min is 19"}));
  list none;
  EXPECT_EQ(weighed({}, 0, {}, none), (refusal{errc::bad_extent, "layer_budget: layers is 0, the least is 1"}));
  EXPECT_EQ(refusal(pyramid_layers{{.beta = 0}}.allocate(30, out)),
            (refusal{errc::bad_value, "pyramid: beta is 0, the least is 1"}));
  EXPECT_EQ(refusal(pyramid_layers{{.window = -1}}.allocate(30, out)),
            (refusal{errc::bad_value, "pyramid: window is -1, the least is 0"}));
  EXPECT_EQ(refusal(pyramid_layers{}.allocate(30, out)),
            (refusal{errc::bad_value, "pyramid: tokens is 0, the least is 1"}));
  EXPECT_EQ(weighed({.5, .3, .2}, 30, {PTRDIFF_MAX / 2, PTRDIFF_MAX}, out).text,
            "layer_budget: total is 30, but min in every layer needs 9223372036854775807");
  EXPECT_EQ(refusal(uniform_layers{}.allocate(-1, out)),
            (refusal{errc::bad_value, "layer_budget: total is -1, but min in every layer needs 0"}));
  EXPECT_EQ(out, (list{77, 77, 77}));
}
} // namespace
