// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/check_list.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

std::string text(const failure& f) { return f ? error(f).what() : ""; }

TEST(mask_check_list, per_sequence) {
  sample_call call{.rows = {3, 1}, .seen = {9, 4}};
  const call_extents e = call.extents();
  const std::vector<index_t> fits{0, 7}, few{0}, low{0, -1};
  EXPECT_EQ(text(detail::check_per_sequence("m", "x", "count of x", fits, 0, e)), "");
  EXPECT_EQ(text(detail::check_per_sequence("m", "x", "count of x", few, 0, e)),
            "m: count of x is 1, the sequences are 2");
  EXPECT_EQ(text(detail::check_per_sequence("m", "x", "count of x", low, 0, e)), "m: x[1] is -1, the least is 0");
}
TEST(mask_check_list, offsets) {
  sample_call call{.rows = {3, 1}, .seen = {9, 4}};
  const call_extents e = call.extents();
  const auto says = [&](const std::vector<index_t>& x) {
    const failure f = detail::check_offsets("m", "x", "count of x", x, 9, e);
    return std::pair(f.code, text(f));
  };
  EXPECT_EQ(says({0, 4, 9}), std::pair(errc::ok, std::string()));
  EXPECT_EQ(says({2, 2, 2}), std::pair(errc::ok, std::string()));
  EXPECT_EQ(says({0, 9}), std::pair(errc::bad_extent, std::string("m: count of x is 2, one more than sequences is 3")));
  EXPECT_EQ(says({-1, 4, 9}), std::pair(errc::index_out_of_range, std::string("m: x[0] is -1, the least is 0")));
  EXPECT_EQ(says({0, 4, 3}), std::pair(errc::not_monotone, std::string("m: x[2] is 3, the entry before is 4")));
  EXPECT_EQ(says({0, 4, 10}), std::pair(errc::index_out_of_range, std::string("m: x[2] is 10, the limit is 9")));
}
TEST(mask_check_list, one_sequence_needs_no_offsets) {
  sample_call one{.rows = {3}, .seen = {9}}, two{.rows = {3, 1}, .seen = {9, 4}};
  EXPECT_EQ(text(detail::check_optional_offsets("m", "x", "count of x", {}, 9, one.extents())), "");
  EXPECT_EQ(text(detail::check_optional_offsets("m", "x", "count of x", {}, 9, two.extents())),
            "m: count of x is 0, one more than sequences is 3");
  EXPECT_EQ(detail::part_of({}, 9, 0), (range{0, 9}));
  const std::vector<std::int32_t> offsets{1, 4, 9};
  EXPECT_EQ(detail::part_of(offsets, 9, 1), (range{4, 9}));
}
} // namespace
} // namespace heed::test
