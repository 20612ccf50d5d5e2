// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/neighborhood/window_index.hpp>

#include <gtest/gtest.h>

namespace heed {
namespace {

template <int Rank> void expect_places(const neighborhood<Rank>& m) {
  const window_index<Rank> index(m);
  const index_t n = m.first + m.grid.product();
  for (index_t q = m.first; q < n; ++q) {
    index_t before = -1, seen = 0;
    for (index_t k = 0; k < n; ++k) {
      if (!m.allows({0, 0, q, k, q, k})) continue;
      const index_t at = index(0, q, k);
      ASSERT_TRUE(at > before && at < index.size()) << "query " << q << ", key " << k;
      before = at;
      ++seen;
    }
    bool causal = false;
    for (int a = 0; a < Rank; ++a) causal = causal || m.causal[a];
    ASSERT_TRUE(causal || (seen == index.size() && before == seen - 1)) << "a window fills its places";
  }
}
TEST(neighborhood_window_index, keys_of_a_window_take_ascending_places) {
  expect_places(neighborhood<1>{.grid = 40, .window = 7, .stride = 3, .dilation = 2, .first = 5});
  expect_places(neighborhood<1>{.grid = 40, .window = 7, .causal = true});
  expect_places(neighborhood<2>{.grid = {9, 12}, .window = {4, 5}, .stride = {2, 1}, .dilation = {1, 2}});
  expect_places(neighborhood<2>{.grid = {9, 12}, .window = {4, 5}, .causal = {false, true}, .first = 3});
  expect_places(neighborhood<3>{.grid = {4, 5, 6}, .window = {3, 2, 3}, .dilation = {1, 2, 2}});
}
TEST(neighborhood_window_index, a_window_is_row_major) {
  const window_index<2> index(neighborhood<2>{.grid = {5, 7}, .window = {3, 3}, .first = 2});
  EXPECT_EQ(index.size(), 11);
  const index_t q = 2 + 2 * 7 + 3;
  EXPECT_EQ(index(0, q, 1), 1) << "an extra token";
  EXPECT_EQ(index(0, q, 2 + 1 * 7 + 2), 2);
  EXPECT_EQ(index(0, q, q), 2 + 4);
  EXPECT_EQ(index(0, q, 2 + 3 * 7 + 4), 2 + 8);
}
} // namespace
} // namespace heed
