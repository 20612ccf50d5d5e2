// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Scales that are no number are refused.
#include <heed/problem/scale.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <limits>

namespace {
using namespace heed;
using heed::test::refusal;

TEST(problem_scale, refused_with_code_and_text) {
  const auto check = [](double x) { return refusal(scale{x}.check(call_extents{})); };
  for (const double x : {0., -0., 1., -3., 1e-310, std::numeric_limits<double>::max()}) EXPECT_EQ(check(x), refusal());
  constexpr double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(check(inf), refusal(errc::bad_value, "scale: value is inf, must be finite, as 1"));
  EXPECT_EQ(check(-inf), refusal(errc::bad_value, "scale: value is -inf, must be finite, as 1"));
  EXPECT_EQ(check(std::numeric_limits<double>::quiet_NaN()),
            refusal(errc::bad_value, "scale: value is nan, must be finite, as 1"));
}
} // namespace
