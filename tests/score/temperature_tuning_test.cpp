// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// temperature_tuning: the formula at the edges of its steps, the laws, and what it refuses.
#include <heed/score/temperature_tuning.hpp>

#include "score_checks.hpp"

#include <support/refusal.hpp>

#include <cmath>

namespace {

using heed::index_t;
using heed::temperature_tuning;
using heed::test::refusal;

TEST(score_temperature_tuning, grows_at_each_multiple_of_floor_scale) {
  const temperature_tuning mod{};
  const auto at = [](index_t q) { return heed::cell{0, 0, q, 0, 0, 0}; };
  EXPECT_EQ(mod(2., at(-4)), 2.);
  EXPECT_EQ(mod(2., at(8190)), 2.);
  for (const index_t q : {8191, 8192, 16382, 16383, 1 << 20})
    EXPECT_DOUBLE_EQ(mod(2., at(q)), 2 * (1 + static_cast<double>(0.1f) *
                                                  std::log(std::floor((static_cast<double>(q) + 1) / 8192) + 1)));
}

TEST(score_temperature_tuning, keeps_the_laws) {
  for (const index_t step : {1, 3, 10, 64, 8192, 9999})
    for (const index_t first : {index_t{0}, step - 17, 7 * step - 20, index_t{1} << 40})
      heed::test::expect_laws(temperature_tuning{step, 0.1f}, {.first_q = first});
  heed::test::expect_laws(temperature_tuning{5, 1.f});
}

TEST(score_temperature_tuning, refuses_bad_parameters) {
  const index_t seen = 8;
  const heed::call_extents e = heed::test::extents(1, 1, 1, 1, &seen);
  EXPECT_FALSE(temperature_tuning{}.check(e));
  EXPECT_EQ(refusal(temperature_tuning{0, 0.1f}.check(e)),
            refusal(heed::errc::bad_value, "temperature_tuning: floor_scale is 0, the least is 1"));
  EXPECT_EQ(refusal(temperature_tuning{8, std::numeric_limits<float>::infinity()}.check(e)),
            refusal(heed::errc::bad_value, "temperature_tuning: attn_scale is inf, must be finite, as 0"));
}

} // namespace
