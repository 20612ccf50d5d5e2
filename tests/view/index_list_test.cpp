// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/view/index_list.hpp>

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

namespace heed {
namespace {

index_t sum(const index_list& list) {
  index_t total = 0;
  for (index_t i = 0; i < list.size(); ++i) total += list[i];
  return total;
}

TEST(view_index_list, reads_both_widths_from_any_container) {
  const std::vector<std::int32_t> narrow{1, -1, 7};
  const std::vector<std::int64_t> wide{1, -1, index_t{1} << 40};
  const std::array<int, 2> array{3, 4};
  const int plain[] = {5, 6};
  EXPECT_EQ(sum(narrow), 7);
  EXPECT_EQ(sum(wide), index_t{1} << 40);
  EXPECT_EQ(sum(array), 7);
  EXPECT_EQ(sum(plain), 11);
  EXPECT_EQ(sum(std::span<const index_t>(wide).first(1)), 1);
}

TEST(view_index_list, sees_changes_and_never_copies) {
  std::vector<std::int32_t> ids{1, 2};
  const index_list list = ids;
  ids[1] = 9;
  EXPECT_EQ(list[1], 9);
}

TEST(view_index_list, is_empty_where_nothing_is_given) {
  EXPECT_TRUE(index_list{}.empty());
  EXPECT_EQ(index_list{}.size(), 0);
  EXPECT_TRUE(index_list(std::vector<int>{}).empty());
}

TEST(view_index_list, keeps_the_extremes) {
  const std::vector<std::int32_t> narrow{std::numeric_limits<std::int32_t>::min()};
  const std::vector<std::int64_t> wide{std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(index_list(narrow)[0], std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(index_list(wide)[0], std::numeric_limits<std::int64_t>::max());
}

static_assert(!std::is_convertible_v<std::vector<double>, index_list>);
static_assert(!std::is_convertible_v<std::vector<unsigned>, index_list>);
static_assert(!std::is_convertible_v<std::vector<std::int16_t>, index_list>);

} // namespace
} // namespace heed
