// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The window rule along one axis, exhaustively at small lengths.
#include <heed/mask/grid_axis.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

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
/// The published rule, written out with branches and a clamp of its own: who is seen by coordinate q of an axis.
std::vector<bool> published_row(index_t length, index_t k, index_t s, index_t d, bool causal, index_t q) {
  std::vector<index_t> members; // coordinates of q's dilation group
  index_t own = 0;
  for (index_t c = 0; c < length; ++c)
    if (c % d == q % d) {
      if (c == q) own = static_cast<index_t>(members.size());
      members.push_back(c);
    }
  const auto n = static_cast<index_t>(members.size());
  index_t start = 0, end = 0;
  if (causal) {
    const index_t leader = std::min(own / s * s + s - 1, n - 1);
    start = std::max<index_t>(leader - (k - 1), 0);
    end = own + 1;
  } else {
    const index_t leader = std::min(own / s * s + s / 2, n - 1);
    start = leader - k / 2;
    if (start > n - k) start = n - k;
    if (start < 0) start = 0;
    end = start + k;
  }
  std::vector<bool> seen(static_cast<std::size_t>(length));
  for (index_t i = start; i < end; ++i) seen[static_cast<std::size_t>(members[static_cast<std::size_t>(i)])] = true;
  return seen;
}

TEST(mask_grid_axis, equals_the_published_rule_with_any_stride_dilation_and_causality) {
  for (index_t n = 2; n <= 29; ++n)
    for (index_t d = 1; d <= n / 2; ++d)
      for (index_t k = 2; k <= n / d; ++k)
        for (index_t s = 1; s <= k; ++s)
          for (const bool causal : {false, true}) {
            const grid_axis a{n, k, s, d, causal};
            for (index_t q = 0; q < n; ++q) {
              const std::vector<bool> want = published_row(n, k, s, d, causal, q);
              bool same = true;
              for (index_t x = 0; x < n; ++x) same = same && a.allows(q, x) == want[static_cast<std::size_t>(x)];
              ASSERT_TRUE(same) << "length " << n << ", window " << k << ", stride " << s << ", dilation " << d
                                << (causal ? ", causal" : "") << ", query " << q;
            }
          }
}
TEST(mask_grid_axis, a_dilated_axis_is_separate_axes) {
  for (index_t n = 4; n <= 20; ++n)
    for (index_t d = 2; d <= n / 2; ++d)
      for (index_t k = 2; k <= n / d; ++k)
        for (index_t s = 1; s <= k; ++s)
          for (const bool causal : {false, true})
            for (index_t q = 0; q < n; ++q) {
              index_t members = 0;
              for (index_t c = q % d; c < n; c += d) ++members;
              const grid_axis whole{n, k, s, d, causal}, own{members, k, s, 1, causal};
              ASSERT_EQ(whole.group_length(q % d), members);
              for (index_t x = 0; x < n; ++x) ASSERT_EQ(whole.allows(q, x), q % d == x % d && own.allows(q / d, x / d));
            }
}
TEST(mask_grid_axis, the_queries_of_a_group_that_see_a_key_stand_in_one_row) {
  for (index_t n = 2; n <= 29; ++n)
    for (index_t k = 2; k <= n; ++k)
      for (index_t s = 1; s <= k; ++s)
        for (const bool causal : {false, true})
          for (index_t x = 0; x < n; ++x) {
            index_t first = n, last = -1, count = 0;
            for (index_t q = 0; q < n; ++q)
              if (grid_axis{n, k, s, 1, causal}.allows(q, x)) {
                first = std::min(first, q);
                last = q;
                ++count;
              }
            ASSERT_TRUE(count > 0 && last - first + 1 == count) << n << ' ' << k << ' ' << s << ' ' << x;
          }
}
} // namespace
} // namespace heed
