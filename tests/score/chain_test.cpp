// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// chain: the written order, nesting, scalar-only parts, the laws, and the first failure of its parts.
#include <heed/score/alibi.hpp>
#include <heed/score/chain.hpp>
#include <heed/score/dense_bias.hpp>
#include <heed/score/none.hpp>
#include <heed/score/score.hpp>
#include <heed/score/soft_cap.hpp>

#include "score_checks.hpp"

#include <algorithm>
#include <cmath>

namespace {

using heed::alibi;
using heed::chain;
using heed::soft_cap;

constexpr heed::cell at{0, 1, 9, 2, 0, 2};

TEST(score_chain, applies_its_parts_in_the_written_order) {
  const soft_cap cap{30.f};
  const alibi slopes = alibi::standard(2);
  volatile float known_late = 20.f; // a compiler's own tanh of a constant may differ from the library's
  const float x = known_late;
  const double y = static_cast<double>(x);
  EXPECT_EQ(chain(cap, slopes)(x, at), slopes(cap(x, at), at));
  EXPECT_EQ(chain(slopes, cap)(x, at), cap(slopes(x, at), at));
  EXPECT_NE(chain(cap, slopes)(x, at), chain(slopes, cap)(x, at));
  EXPECT_EQ(chain(cap, slopes, cap)(y, at), cap(slopes(cap(y, at), at), at));
  EXPECT_EQ(chain(chain(cap, slopes), cap)(y, at), chain(cap, chain(slopes, cap))(y, at));
  EXPECT_EQ(chain(cap)(x, at), cap(x, at));
}

TEST(score_chain, a_bias_that_masks_belongs_behind_the_cap) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> closed{-inf};
  const heed::dense_bias mask{heed::view(closed.data(), 1, 1, 1, 1)};
  EXPECT_EQ(chain(soft_cap{30.f}, mask)(1.f, at), -inf);
  EXPECT_EQ(chain(mask, soft_cap{30.f})(1.f, at), -30.f);
}

TEST(score_chain, keeps_the_laws) {
  heed::test::random r(1);
  const auto bias = r.numbers<float>(90);
  const heed::dense_bias dense{heed::view(bias.data(), 1, 1, 1, 90)};
  const soft_cap cap{50.f};
  const alibi slopes = alibi::standard(7);
  const auto between = [&](double x, const heed::cell& c) {
    const double capped = std::fabs(cap(x, c)), biased = std::fabs(slopes(cap(x, c), c));
    return std::max({capped, biased, std::fabs(slopes(0., c))});
  };
  heed::test::expect_laws(chain(cap, slopes), {}, between);
  heed::test::expect_laws(chain(cap, slopes, dense), {}, between);
}

TEST(score_chain, binds_its_lanes_if_a_part_does) {
  using batch = heed::simd::batch<float>;
  using heed::dense_bias;
  static_assert(heed::lane_bound_score_mod<chain<soft_cap, dense_bias<float>>, batch>);
  static_assert(heed::lane_bound_score_mod<chain<dense_bias<float>, alibi, soft_cap>, batch>);
  static_assert(!heed::lane_bound_score_mod<chain<soft_cap, alibi>, batch>);
  heed::test::random r(3);
  const auto bias = r.numbers<float>(7 * 33 * 90);
  heed::test::expect_laws(chain(dense_bias{heed::view(bias.data(), 1, 7, 33, 90)}, soft_cap{5.f}));
}

TEST(score_chain, is_scalar_only_if_a_part_is) {
  const heed::score half([](float x, heed::cell) { return x / 2; });
  const chain mixed(soft_cap{30.f}, half);
  using mixed_type = std::remove_const_t<decltype(mixed)>;
  static_assert(heed::score_mod<mixed_type> && !heed::score_mod<mixed_type, double>);
  static_assert(!heed::batched_score_mod<mixed_type, heed::simd::batch<float>>);
  EXPECT_EQ(mixed(20.f, at), soft_cap{30.f}(20.f, at) / 2);
}

TEST(score_chain, reports_the_first_part_that_fails) {
  const heed::index_t seen = 4;
  const heed::call_extents e = heed::test::extents(1, 1, 4, 1, &seen);
  EXPECT_FALSE(chain(soft_cap{1.f}, alibi::standard(4)).check(e));
  EXPECT_STREQ(chain(soft_cap{1.f}, alibi::standard(3)).check(e).argument, "alibi");
  EXPECT_STREQ(chain(alibi::standard(3), soft_cap{0.f}).check(e).argument, "alibi");
  EXPECT_STREQ(chain(heed::no_score_mod{}, soft_cap{0.f}, alibi::standard(3)).check(e).argument, "soft_cap");
}

} // namespace
