// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// soft_cap: the formula, the bounds, the laws, and what it refuses.
#include <heed/score/soft_cap.hpp>

#include "score_checks.hpp"

#include <support/refusal.hpp>

#include <cmath>

namespace {

using heed::test::refusal;

constexpr heed::cell here{0, 0, 5, 3, 0, 3};

TEST(score_soft_cap, is_cap_times_tanh) {
  const heed::soft_cap mod{50.f};
  for (const double x : {0., 1e-3, -2.5, 49., -200., 1e9}) {
    const double want = 50 * std::tanh(x / 50);
    EXPECT_DOUBLE_EQ(mod(x, here), want);
    EXPECT_FLOAT_EQ(mod(static_cast<float>(x), here), static_cast<float>(want));
  }
}

TEST(score_soft_cap, stays_inside_the_cap) {
  const heed::soft_cap mod{30.f};
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(mod(inf, here), 30.);
  EXPECT_EQ(mod(-inf, here), -30.);
  EXPECT_TRUE(std::isnan(mod(std::nan(""), here)));
}

TEST(score_soft_cap, keeps_the_laws) {
  for (const float cap : {0.01f, 1.f, 30.f, 50.f, 1e6f}) heed::test::expect_laws(heed::soft_cap{cap});
}

TEST(score_soft_cap, refuses_caps_that_are_no_positive_numbers) {
  const heed::index_t seen = 8;
  const heed::call_extents e = heed::test::extents(1, 1, 1, 1, &seen);
  EXPECT_FALSE(heed::soft_cap{30.f}.check(e));
  const auto expect_refused = [&](float cap, const char* text) {
    EXPECT_EQ(refusal(heed::soft_cap{cap}.check(e)), refusal(heed::errc::bad_value, text));
  };
  expect_refused(0.f, "soft_cap: cap is 0, must be finite and above 0");
  expect_refused(-0.4f, "soft_cap: cap is -0.4, must be finite and above 0");
  expect_refused(std::numeric_limits<float>::quiet_NaN(), "soft_cap: cap is nan, must be finite and above 0");
  expect_refused(std::numeric_limits<float>::infinity(), "soft_cap: cap is inf, must be finite and above 0");
  expect_refused(0x1p-101f, "soft_cap: cap is 3.9443e-31, the least is 7.88861e-31");
  expect_refused(0x1p101f, "soft_cap: cap is 2.5353e+30, the most is 1.26765e+30");
  for (const float cap : {0x1p-100f, 0x1p100f}) EXPECT_FALSE(heed::soft_cap{cap}.check(e));
}

} // namespace
