// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// score: functions of the user's own, cell by cell and vectorised.
#include <heed/score/score.hpp>

#include "score_checks.hpp"

namespace {

constexpr heed::cell at{0, 1, 9, 2, 0, 2};

TEST(score_score, wraps_a_function_of_one_cell) {
  const float slope = 0.25f;
  const heed::score mod([slope](float x, heed::cell c) { return x - slope * static_cast<float>(c.q - c.k); });
  using type = std::remove_const_t<decltype(mod)>;
  static_assert(heed::score_mod<type, float> && !heed::score_mod<type, double>);
  static_assert(!heed::batched_score_mod<type, heed::simd::batch<float>>);
  EXPECT_EQ(mod(4.f, at), 4.f - 0.25f * 7);
}

TEST(score_score, a_generic_function_also_gets_vectors) {
  const heed::score mod([](auto x, auto c) { return x + decltype(x)(-0.01f) * distance(x, c); });
  heed::test::expect_laws(mod);
  EXPECT_EQ(mod(4., at), 4. + static_cast<double>(-0.01f) * 7);
}

TEST(score_score, a_function_may_take_double_only) {
  const heed::score mod([](double x, const heed::cell& c) { return x * static_cast<double>(c.head); });
  using type = std::remove_const_t<decltype(mod)>;
  static_assert(!heed::score_mod<type, float> && heed::score_mod<type, double>);
  EXPECT_EQ(mod(4., at), 4.);
}

TEST(score_score, distance_is_a_number_of_the_scores_type) {
  static_assert(std::is_same_v<decltype(heed::distance(1.f, at)), float>);
  EXPECT_EQ(heed::distance(1., heed::cell{0, 0, 3, 10, 0, 0}), -7.);
}

} // namespace
