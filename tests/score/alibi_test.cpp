// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// alibi: the standard slopes, own slopes, the laws, and what it refuses.
#include <heed/score/alibi.hpp>

#include "score_checks.hpp"

#include <support/refusal.hpp>

#include <cmath>

namespace {

using heed::alibi;
using heed::index_t;
using heed::test::refusal;

TEST(score_alibi, slopes_of_eight_and_twelve_heads_are_those_of_the_paper) {
  const alibi eight = alibi::standard(8);
  for (int h = 0; h < 8; ++h) EXPECT_EQ(eight.slope(h), std::ldexp(1.f, -(h + 1)));
  // 12 heads: those of 8, then every other one of 16.
  const alibi twelve = alibi::standard(12), sixteen = alibi::standard(16);
  for (int h = 0; h < 8; ++h) EXPECT_EQ(twelve.slope(h), eight.slope(h));
  for (int h = 8; h < 12; ++h) EXPECT_EQ(twelve.slope(h), sixteen.slope(2 * (h - 8)));
}

TEST(score_alibi, slopes_of_any_head_count_follow_the_formula) {
  for (const index_t heads : {1, 2, 3, 7, 32, 71, 127, 128, 129, 200, 300})
    for (const float most : {8.f, 4.f}) {
      const alibi mod = alibi::standard(heads, most);
      const auto n = static_cast<index_t>(std::exp2(std::floor(std::log2(static_cast<double>(heads)))));
      const double m0 = std::pow(2., -static_cast<double>(most) / static_cast<double>(n)),
                   m1 = std::pow(2., -static_cast<double>(most) / 2 / static_cast<double>(n));
      for (index_t h = 0; h < heads; ++h) {
        const double want =
            h < n ? std::pow(m0, static_cast<double>(h + 1)) : std::pow(m1, static_cast<double>(2 * (h - n) + 1));
        EXPECT_FLOAT_EQ(mod.slope(h), static_cast<float>(want)) << heads << ' ' << h;
      }
    }
}

TEST(score_alibi, penalty_grows_with_the_distance_on_both_sides) {
  const std::vector<float> slopes{0.5f, 0.f, 2.f};
  const alibi mod{slopes};
  EXPECT_EQ(mod(1.f, heed::cell{0, 0, 10, 4, 0, 4}), 1.f - 0.5f * 6);
  EXPECT_EQ(mod(1.f, heed::cell{0, 0, 4, 10, 0, 10}), 1.f - 0.5f * 6);
  EXPECT_EQ(mod(1.f, heed::cell{0, 1, 10, 4, 0, 4}), 1.f);
  EXPECT_EQ(mod(1., heed::cell{0, 2, 1000000, 0, 0, 0}), 1. - 2e6);
}

TEST(score_alibi, keeps_the_laws) {
  for (const index_t heads : {1, 4, 7, 12}) heed::test::expect_laws(alibi::standard(heads), {.heads = heads});
  heed::test::expect_laws(alibi::standard(150), {.sequences = 1, .heads = 150, .rows = 3});
  const std::vector<float> slopes{0.25f, 1.f, 0.f, -0.125f, 0.3f, 0.7f, 3.f};
  heed::test::expect_laws(alibi{slopes});
}

TEST(score_alibi, refuses_fewer_slopes_than_heads) {
  const index_t seen = 8;
  const heed::call_extents e = heed::test::extents(1, 1, 12, 4, &seen);
  EXPECT_FALSE(alibi::standard(12).check(e));
  EXPECT_EQ(refusal(alibi::standard(8).check(e)),
            refusal(heed::errc::bad_extent, "alibi: number of slopes is 8, but the query heads are 12"));
  const std::vector<float> slopes(11);
  EXPECT_EQ(refusal(alibi{slopes}.check(e)),
            refusal(heed::errc::bad_extent, "alibi: number of slopes is 11, but the query heads are 12"));
  EXPECT_EQ(refusal(alibi::standard(12, std::numeric_limits<float>::quiet_NaN()).check(e)),
            refusal(heed::errc::bad_value, "alibi: max_bias is nan, must be finite, as 8"));
}

} // namespace
