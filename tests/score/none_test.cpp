// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// no_score_mod: scores come out as they went in.
#include <heed/score/none.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

TEST(score_none, leaves_scores_as_they_are) {
  const heed::no_score_mod mod;
  const heed::cell at{0, 1, 9, 2, 0, 2};
  for (const double x : {0., -1.5, 1e300, -std::numeric_limits<double>::infinity()}) EXPECT_EQ(mod(x, at), x);
  EXPECT_EQ(mod(0.1f, at), 0.1f);
  EXPECT_TRUE(std::signbit(mod(-0.f, at)));
  EXPECT_TRUE(std::isnan(mod(std::numeric_limits<float>::quiet_NaN(), at)));
}

} // namespace
