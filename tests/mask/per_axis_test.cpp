// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/per_axis.hpp>

#include <gtest/gtest.h>

namespace heed {
namespace {

TEST(mask_per_axis, one_value_stands_for_all_axes) {
  constexpr per_axis<3> seven = 7, listed{7, 7, 7};
  static_assert(seven == listed && !(seven == per_axis<3>(7, 7, 8)));
  EXPECT_EQ(seven.product(), 343);
  EXPECT_EQ((per_axis<2>{5, 9})[1], 9);
  EXPECT_EQ(per_axis<1>(4)[0], 4);
  constexpr per_axis<2, bool> causal{true, false};
  static_assert(causal[0] && !causal[1]);
  static_assert(!std::is_constructible_v<per_axis<3>, int, int>, "a value for each axis, or one");
}
} // namespace
} // namespace heed
