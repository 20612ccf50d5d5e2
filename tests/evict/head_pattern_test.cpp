// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Full and streaming heads: by quantile, by count, by bytes, and their order.
#include <heed/evict/head_pattern.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <support/random.hpp>

namespace {
using namespace heed;
using kinds = std::vector<head_source>;
constexpr head_source full = head_source::first, stream = head_source::second;

kinds at_sparsity(const std::vector<float>& gates, double sparsity) {
  kinds out(gates.size(), full);
  binarise(gates, sparsity, out);
  return out;
}

TEST(evict_head_pattern, binarise_keeps_what_reaches_the_quantile) {
  EXPECT_EQ(at_sparsity({.1f, .9f, .5f, .7f}, .5), (kinds{stream, full, stream, full}));
  EXPECT_EQ(at_sparsity({.1f, .9f, .5f}, .5), (kinds{stream, full, full})) << "the median itself reaches it";
  EXPECT_EQ(at_sparsity({.1f, .9f, .5f}, 1.), (kinds{stream, stream, stream}));
  EXPECT_EQ(at_sparsity({.1f, .9f, .5f}, 0.), (kinds{full, full, full}));
  EXPECT_EQ(at_sparsity({.1f, .9f, .5f}, -1.), (kinds{full, full, full}));
  EXPECT_EQ(at_sparsity({1, 1, 1, 1}, .5), (kinds{full, full, stream, stream})) << "ties by lower index";
}

TEST(evict_head_pattern, binarise_equals_the_sorted_quantile_for_distinct_gates) {
  test::random draw(1);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<float> gates(static_cast<std::size_t>(draw.integer(1, 60)));
    for (std::size_t i = 0; i < gates.size(); ++i) gates[i] = static_cast<float>(i) / 64.f;
    draw.shuffle(gates);
    const double sparsity = static_cast<double>(draw.integer(1, 99)) / 100;
    std::vector<float> sorted = gates;
    std::sort(sorted.begin(), sorted.end());
    const double rank = sparsity * static_cast<double>(gates.size() - 1);
    const double low = static_cast<double>(sorted[static_cast<std::size_t>(std::floor(rank))]);
    const double high = static_cast<double>(sorted[static_cast<std::size_t>(std::ceil(rank))]);
    const double threshold = low + (high - low) * (rank - std::floor(rank));
    const kinds got = at_sparsity(gates, sparsity);
    for (std::size_t i = 0; i < gates.size(); ++i)
      EXPECT_EQ(got[i] == full, static_cast<double>(gates[i]) >= threshold) << gates[i] << " against " << threshold;
  }
}

TEST(evict_head_pattern, counts_take_the_best_and_nan_last) {
  kinds k(4);
  full_heads_by_count(std::vector<float>{std::nanf(""), 2, -1, 2}, 3, k);
  EXPECT_EQ(k, (kinds{stream, full, full, full}));
  full_heads_by_count(std::vector<float>{std::nanf(""), 2, -1, std::nanf("")}, 3, k);
  EXPECT_EQ(k, (kinds{full, full, full, stream}));
  full_heads_by_count(std::vector<float>{1, 2}, 0, k);
  EXPECT_EQ(k, (kinds{full, full, full, stream})) << "lists of different length change nothing";
}

TEST(evict_head_pattern, order_puts_full_heads_first_and_is_a_permutation) {
  const kinds k{stream, full, stream, full, full};
  std::vector<index_t> order(5);
  EXPECT_EQ(full_heads_first(k, order), 3);
  EXPECT_EQ(order, (std::vector<index_t>{1, 3, 4, 0, 2}));
}

TEST(evict_head_pattern, as_many_heads_stay_full_as_rows_allow) {
  // 8 heads of 1000 tokens, the others keep 100.
  EXPECT_EQ(full_heads_within(8 * 1000, 8, 1000, 100), 8);
  EXPECT_EQ(full_heads_within(4 * 1000 + 4 * 100, 8, 1000, 100), 4);
  EXPECT_EQ(full_heads_within(4 * 1000 + 4 * 100 - 1, 8, 1000, 100), 3);
  EXPECT_EQ(full_heads_within(8 * 100 - 1, 8, 1000, 100), 0);
  EXPECT_EQ(full_heads_within(0, 8, 100, 100), 8) << "streaming holds everything";
  test::random draw(2);
  for (int trial = 0; trial < 200; ++trial) {
    const index_t heads = draw.integer(1, 40), tokens = draw.integer(2, 500), held = draw.integer(1, tokens - 1);
    const index_t rows = draw.integer(heads * held, heads * tokens);
    const index_t n = full_heads_within(rows, heads, tokens, held);
    EXPECT_LE(n * tokens + (heads - n) * held, rows);
    EXPECT_TRUE(n == heads || (n + 1) * tokens + (heads - n - 1) * held > rows);
  }
}

TEST(evict_head_pattern, streaming_heads_share_what_full_ones_leave) {
  EXPECT_EQ(streaming_slots_within(2 * 1000 + 6 * 150, 8, 2, 1000), 150);
  EXPECT_EQ(streaming_slots_within(2 * 1000 + 6 * 150 + 5, 8, 2, 1000), 150);
  EXPECT_EQ(streaming_slots_within(1999, 8, 2, 1000), 0) << "the full heads alone are more";
  EXPECT_EQ(streaming_slots_within(9999, 8, 2, 1000), 1000);
  EXPECT_EQ(streaming_slots_within(0, 8, 8, 1000), 1000) << "no head streams";
}
} // namespace
