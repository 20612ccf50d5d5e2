// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The last rows of each layer, however they came.
#include <heed/evict/query_window.hpp>

#include <gtest/gtest.h>

#include <algorithm>

#include <support/random.hpp>

namespace {
using namespace heed;

constexpr index_t layers = 2, heads = 2, dim = 3;

TEST(evict_query_window, shows_the_last_rows_of_any_pieces) {
  test::random draw(4);
  for (const index_t window : {1, 2, 5}) {
    query_window<float> w(layers, window, heads, dim);
    EXPECT_EQ(w.bytes_held(), layers * 2 * window * heads * (dim + 1) * 4 + layers * 8);
    std::vector<float> seen[layers]; // the number of each row
    for (int trial = 0; trial < 300; ++trial) {
      if (draw.chance(20)) {
        w.clear();
        for (auto& s : seen) s.clear();
      }
      const index_t layer = draw.integer(0, layers - 1), rows = draw.integer(0, 9);
      std::vector<float> q, lse;
      for (index_t r = 0; r < rows; ++r) {
        const auto number = static_cast<float>(draw.integer(0, 1000));
        seen[layer].push_back(number);
        for (index_t i = 0; i < heads * dim; ++i) q.push_back(number + static_cast<float>(i) / 8);
        for (index_t h = 0; h < heads; ++h) lse.push_back(-number - static_cast<float>(h) / 8);
      }
      w.push(layer, view(std::as_const(q).data(), rows, heads, dim), view(std::as_const(lse).data(), rows, heads));
      const index_t n = w.rows(layer);
      ASSERT_EQ(n, std::min<index_t>(window, static_cast<index_t>(seen[layer].size())));
      for (index_t i = 0; i < n; ++i) {
        const float number = seen[layer][seen[layer].size() - static_cast<std::size_t>(n - i)];
        EXPECT_EQ(w.queries(layer, n)(i, 1, 2), number + 5.f / 8);
        EXPECT_EQ(w.lses(layer, n)(i, 1), -number - 1.f / 8);
      }
    }
  }
}

TEST(evict_query_window, forgets_rejected_rows) {
  query_window<float> w(1, 2, 1, 1);
  const std::vector<float> q{1, 2, 3, 4};
  for (const index_t first : {0, 1, 2}) w.push(0, view(q.data() + first, 1, 1, 1), view(q.data() + first, 1, 1));
  w.pop(0, 1);
  EXPECT_EQ(w.rows(0), 2);
  EXPECT_EQ(w.queries(0, 2)(1, 0, 0), 2.f);
  w.pop(0, 9);
  EXPECT_EQ(w.rows(0), 0);
}
} // namespace
