// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Which tiles are boxes, and what a box sees; the laws of mask are checked with the mask.
#include <heed/mask/grid_runs.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed {
namespace {

TEST(mask_grid_runs, a_box_is_known_by_its_places) {
  token_grid<2> g;
  g.axis[0] = {8, 3};
  g.axis[1] = {10, 5, 1, 2};
  detail::axis_box box[2];
  range hull[2];
  const auto is_box = [&](const std::vector<index_t>& q) {
    const tile t{0, 0, {0, 1}, q, q, {0, 80}, {0, 80}, {0, 80}};
    return detail::box_of(g, t, box, hull);
  };
  EXPECT_TRUE(is_box({23, 25, 33, 35}));
  EXPECT_EQ(box[0].some, (range{1, 5}));
  EXPECT_EQ(box[0].every, (range{2, 4}));
  EXPECT_EQ(box[1].group, 1);
  EXPECT_EQ(box[1].step, 2);
  EXPECT_EQ(box[1].some, (range{0, 5}));
  EXPECT_EQ(hull[1], (range{3, 6}));
  EXPECT_TRUE(is_box({42}));
  EXPECT_FALSE(is_box({23, 25, 33})) << "a corner is missing";
  EXPECT_FALSE(is_box({23, 24, 33, 34})) << "two dilation groups";
  EXPECT_FALSE(is_box({23, 23, 33, 35})) << "a place twice";
  EXPECT_FALSE(is_box({33, 35, 23, 25})) << "descending";
}
} // namespace
} // namespace heed
