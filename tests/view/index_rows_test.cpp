// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/view/index_rows.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed::test {
namespace {
TEST(view_index_rows, offsets_are_begin_and_end) {
  const std::vector<std::int32_t> offsets{0, 2, 2, 5}, entries{1, 4, 0, 3, 9};
  const std::span<const std::int32_t> all(offsets);
  const index_rows rows{entries, all.first(3), all.last(3)};
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows.row(0), (range{0, 2}));
  EXPECT_TRUE(rows.row(1).empty());
  for (index_t x = -1; x < 11; ++x) {
    EXPECT_EQ(rows.holds(rows.row(0), x), x == 1 || x == 4) << x;
    EXPECT_FALSE(rows.holds(rows.row(1), x)) << x;
    EXPECT_EQ(rows.holds(rows.row(2), x), x == 0 || x == 3 || x == 9) << x;
  }
}
TEST(view_index_rows, counts_leave_room_and_rows_share_entries) {
  const std::vector<std::int64_t> begin{3, 0, 0}, end{4, 2, 1}, entries{5, 6, -1, 7};
  const index_rows rows{entries, begin, end};
  EXPECT_TRUE(rows.holds(rows.row(0), 7) && rows.holds(rows.row(1), 6) && rows.holds(rows.row(2), 5));
  EXPECT_FALSE(rows.holds(rows.row(2), 6) || rows.holds(rows.row(0), 5) || rows.holds(rows.row(1), 7));
}
TEST(view_index_rows, finds_the_first_that_is_at_least) {
  const std::vector<std::int32_t> begin{1}, end{5}, entries{99, 2, 3, 5, 8, 0};
  const index_rows rows{entries, begin, end};
  const index_t want[] = {1, 1, 1, 2, 3, 3, 4, 4, 4, 5};
  for (index_t x = 0; x < 10; ++x) EXPECT_EQ(rows.first_at_least(rows.row(0), x), want[x]) << x;
  EXPECT_EQ(rows.first_at_least({3, 3}, 0), 3);
}
TEST(view_index_rows, cursor_finds_numbers_in_any_order) {
  std::vector<std::int32_t> entries;
  for (std::int32_t i = 0; i < 100; ++i) entries.push_back(3 * i + (i % 5 == 0));
  const std::vector<std::int32_t> begin{7}, end{93};
  const index_rows rows{entries, begin, end};
  index_row_cursor cursor(rows, rows.row(0));
  const auto want = [&](index_t x) {
    const index_t at = rows.first_at_least(rows.row(0), x);
    return at < 93 ? index_t{entries[static_cast<std::size_t>(at)]} : index_t{-1};
  };
  for (index_t x = 0; x < 310; ++x) EXPECT_EQ(cursor.seek(x, -1), want(x)) << x;
  for (index_t x = 309; x >= 0; x -= 7) EXPECT_EQ(cursor.seek(x, -1), want(x)) << x;
  for (const index_t x : {50, 290, 3, 3, 200, 199, 400, 0}) EXPECT_EQ(cursor.seek(x, -1), want(x)) << x;
  EXPECT_EQ(index_row_cursor(rows, {7, 7}).seek(0, -1), -1);
}
} // namespace
} // namespace heed::test
