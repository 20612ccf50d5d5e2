// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Random block lists, the same for the same seed.
#include <heed/sparse/block_lists.hpp>
#include <support/random.hpp>

namespace heed::test {

/// Shares of kept blocks, of full ones among these, and of stripes.
struct drawn_shares {
  double kept = 0.4, whole = 0.6, stripes = 0.1;
};

inline block_lists drawn_blocks(const block_shape& shape, const drawn_shares& share, std::uint64_t seed) {
  random numbers(seed);
  block_lists lists(shape);
  std::vector<std::int32_t> full, partial;
  const auto drawn = [&](double p) { return static_cast<double>(numbers.integer(0, 999)) < p * 1000; };
  for (index_t s = 0; s < shape.sequences; ++s)
    for (index_t l = 0; l < shape.lists; ++l) {
      for (index_t r = 0; r < lists.row_blocks(); ++r) {
        full.clear();
        partial.clear();
        for (std::int32_t b = 0; b < static_cast<std::int32_t>(lists.key_blocks()); ++b)
          if (drawn(share.kept)) (drawn(share.whole) ? full : partial).push_back(b);
        lists.set_row(s, l, r, full, partial);
      }
      for (index_t g = 0; g < lists.stripe_groups(); ++g) {
        full.clear();
        for (std::int32_t k = 0; k < static_cast<std::int32_t>(shape.keys); ++k)
          if (drawn(share.stripes)) full.push_back(k);
        lists.set_stripes(s, l, g, full);
      }
    }
  return lists;
}

} // namespace heed::test
