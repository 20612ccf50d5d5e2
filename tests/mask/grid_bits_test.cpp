// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Bits of rows and keys that lie far apart, which the laws of mask do not reach.
#include <heed/mask/neighborhood.hpp>

#include <support/random.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed::test {
namespace {

template <int Rank> void expect_bits(const neighborhood<Rank>& m, std::uint64_t seed) {
  random gen(seed);
  const index_t n = m.first + m.grid.product();
  for (int i = 0; i < 20; ++i) {
    std::vector<index_t> rows, keys;
    for (index_t r = gen.integer(0, n / 4); r < n && rows.size() < 64; r += gen.integer(1, n / 8)) rows.push_back(r);
    const index_t count = gen.integer(1, 200), step = gen.integer(0, 2) == 0 ? 1 : gen.integer(1, n / 3);
    for (index_t j = 0, k = gen.integer(0, n - 1); j < count; ++j, k = (k + step) % n) keys.push_back(k);
    std::vector<std::uint64_t> words(keys.size());
    m.bits({0, 0, {0, 1}, rows, rows, {rows[0], rows.back() + 1}, {0, n}, {0, n}}, keys, keys, words);
    for (std::size_t j = 0; j < keys.size(); ++j)
      for (std::size_t r = 0; r < rows.size(); ++r)
        ASSERT_EQ(words[j] >> r & 1, m.allows({0, 0, rows[r], keys[j], rows[r], keys[j]})) << rows[r] << ' ' << keys[j];
  }
}
TEST(mask_grid_bits, keys_of_a_large_grid_in_any_order) {
  expect_bits(neighborhood<1>{.grid = 5000, .window = 300, .stride = 7, .dilation = 11}, 1);
  expect_bits(neighborhood<1>{.grid = 5000, .window = 2500}, 2);
  expect_bits(neighborhood<2>{.grid = {9, 3000}, .window = {3, 700}, .dilation = {2, 3}}, 3);
  expect_bits(neighborhood<2>{.grid = {1500, 7}, .window = {400, 7}, .causal = {true, false}, .first = 9}, 4);
  expect_bits(neighborhood<3>{.grid = {20, 30, 40}, .window = {9, 8, 7}, .dilation = {1, 2, 5}}, 5);
}
} // namespace
} // namespace heed::test
