// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the tests of readers share: lists compared, and what a refusal says.
#include <heed/sparse/block_lists.hpp>

#include <support/drawn_blocks.hpp>

#include <gtest/gtest.h>

#include <string>

namespace heed::test {
using list = std::vector<std::int32_t>;

inline list of(block_lists::entries e) { return {e.begin(), e.end()}; }

inline void expect_same_blocks(const block_lists& got, const block_lists& want) {
  ASSERT_EQ(got.row_blocks(), want.row_blocks());
  ASSERT_EQ(got.shape().lists, want.shape().lists);
  ASSERT_EQ(got.shape().sequences, want.shape().sequences);
  for (index_t s = 0; s < want.shape().sequences; ++s)
    for (index_t l = 0; l < want.shape().lists; ++l)
      for (index_t r = 0; r < want.row_blocks(); ++r) {
        EXPECT_EQ(of(got.full_row(s, l, r)), of(want.full_row(s, l, r))) << s << ' ' << l << ' ' << r;
        EXPECT_EQ(of(got.partial_row(s, l, r)), of(want.partial_row(s, l, r))) << s << ' ' << l << ' ' << r;
      }
}

template <class F> std::string says(const F& f) {
  try {
    f();
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

} // namespace heed::test
