// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The window rule along one axis, exhaustively at small lengths.
#include <heed/mask/grid_axis.hpp>

#include <gtest/gtest.h>

namespace heed {
namespace {

TEST(mask_grid_axis, windows_hold_their_query_ascend_and_never_shrink) {
  for (index_t n = 2; n <= 24; ++n)
    for (index_t k = 2; k <= n; ++k)
      for (index_t s = 1; s <= k; ++s)
        for (const bool causal : {false, true}) {
          const grid_axis a{n, k, s, 1, causal};
          range before{0, 0};
          for (index_t i = 0; i < n; ++i) {
            const range r = a.seen(i);
            ASSERT_TRUE(r.begin >= 0 && r.begin <= i && i < r.end && r.end <= n)
                << n << ' ' << k << ' ' << s << ' ' << i;
            ASSERT_TRUE(r.begin >= before.begin && r.end >= before.end);
            ASSERT_TRUE(i == 0 || r.begin <= before.end) << "neighbors' windows touch";
            ASSERT_EQ(causal ? r.end : r.size(), causal ? i + 1 : k);
            ASSERT_LE(r.size(), k);
            before = r;
          }
          ASSERT_EQ(a.whole(), !causal && k == n);
        }
}
TEST(mask_grid_axis, a_window_of_the_whole_axis_is_full_or_causal) {
  for (index_t s = 1; s <= 9; ++s)
    for (index_t i = 0; i < 9; ++i) {
      EXPECT_EQ((grid_axis{9, 9, s, 1, false}.seen(i)), (range{0, 9}));
      EXPECT_EQ((grid_axis{9, 9, s, 1, true}.seen(i)), (range{0, i + 1}));
    }
}
TEST(mask_grid_axis, a_dilated_axis_is_separate_axes) {
  for (index_t n = 4; n <= 23; ++n)
    for (index_t d = 2; d <= n / 2; ++d)
      for (index_t k = 2; k <= n / d; ++k)
        for (index_t q = 0; q < n; ++q)
          for (index_t x = 0; x < n; ++x) {
            const grid_axis whole{n, k, 1, d, false}, own{whole.group_length(q % d), k, 1, 1, false};
            ASSERT_EQ(whole.allows(q, x), q % d == x % d && own.allows(q / d, x / d));
          }
}
} // namespace
} // namespace heed
