// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every eviction of the benches at a small size: it keeps its budget, of all tokens it may, in the right places.
#include <evict_case.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace heed::bench {
namespace {

TEST(bench_evict_cases, keep_their_budgets) {
  thread_pool pool{2};
  ASSERT_EQ(evict_cases().size(), 9u);
  for (const evict_case& c : evict_cases()) {
    SCOPED_TRACE(c.name);
    const evict_size n{300, 80, 8, 2, 16};
    const auto layer = c.make(n, pool);
    std::vector<std::vector<index_t>> first;
    for (int round = 0; round < 2; ++round) {
      layer->refill();
      for (const auto& head : layer->held()) EXPECT_EQ(head.size(), 300u);
      layer->attend();
      ASSERT_TRUE(layer->evict());
      const auto held = layer->held();
      std::size_t rows = 0;
      for (const auto& head : held) {
        rows += head.size();
        EXPECT_TRUE(std::is_sorted(head.begin(), head.end()));
        EXPECT_EQ(head.back(), c.name.ends_with("tova") ? head.back() : 299) << "the newest token stays";
      }
      const bool half = c.name.ends_with("duo_attention") || c.name.ends_with("razor_attention");
      EXPECT_EQ(rows, half ? 300u + 80u : 2 * 80u);
      if (round == 0) first = held;
      EXPECT_EQ(held, first) << "a second prompt sees nothing of the first";
    }
  }
}

TEST(bench_evict_cases, choosing_and_compacting_are_the_eviction) {
  thread_pool pool{2};
  for (const evict_case& c : evict_cases()) {
    SCOPED_TRACE(c.name);
    const auto layer = c.make({300, 80, 8, 2, 16}, pool);
    layer->refill();
    layer->attend();
    ASSERT_TRUE(layer->evict());
    const auto held = layer->held();
    layer->refill();
    ASSERT_TRUE(layer->choose());
    for (const auto& head : layer->held()) EXPECT_EQ(head.size(), 300u) << "nothing has moved";
    const double row = 2 * 16 * 4 + 8 + 4;
    EXPECT_GT(layer->bytes_to_move(), 0);
    EXPECT_LE(layer->bytes_to_move(), 2 * row * (300 + 80));
    ASSERT_TRUE(layer->compact());
    EXPECT_EQ(layer->held(), held);
  }
}

} // namespace
} // namespace heed::bench
