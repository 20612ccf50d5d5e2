// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// check_score finds modifiers whose forms disagree, and passes one whose forms agree.
#include <heed/simd/batch.hpp>
#include <heed/testing/score_laws.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using heed::cell;
using heed::cells;
using heed::index_t;
using batch = heed::simd::batch<float>;

enum class fault { none, wrong_in_vectors, wrong_in_double, mixes_up_lanes, ignores_a_shared_field, other_over_lanes };

template <fault F> struct shifted {
  HEED_INLINE float operator()(float x, const cell& at) const noexcept { return x + static_cast<float>(at.head); }
  HEED_INLINE double operator()(double x, const cell& at) const noexcept {
    return x + static_cast<double>(at.head) + (F == fault::wrong_in_double ? 1e-3 : 0.);
  }
  template <class B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
    using number = typename B::value_type;
    return x + B::generate([&](index_t i) {
             index_t lane = i;
             if (F == fault::mixes_up_lanes && i == B::lanes - 1) lane = 0;
             const index_t head = F == fault::ignores_a_shared_field && at.head.step == 0 ? 0 : at.head[lane];
             return static_cast<number>(head) + (F == fault::wrong_in_vectors && i == 0 ? number(1e-3) : number(0));
           });
  }
};

/// Looks its lanes up once; the faulty one forgets to.
template <fault F> struct bound_shift : shifted<fault::none> {
  template <class B> struct of_lanes {
    B shift;
    B operator()(B x, const cells<B>&) const noexcept { return x + shift; }
  };
  template <class B> of_lanes<B> over(const cells<B>& at) const noexcept {
    using number = typename B::value_type;
    return {B::generate([&](index_t i) { return static_cast<number>(F == fault::none ? at.head[i] : 0); })};
  }
};
static_assert(heed::lane_bound_score_mod<bound_shift<fault::none>, batch>);
static_assert(!heed::lane_bound_score_mod<shifted<fault::none>, batch>);

template <fault F, template <fault> class Model = shifted> heed::testing::score_report report() {
  std::vector<cell> at;
  for (index_t i = 0; i < 5 * batch::lanes + 1; ++i) // a different head per lane first, then one for all
    at.push_back({i < 2 * batch::lanes ? 0 : 1, i < 2 * batch::lanes ? i % batch::lanes : 3, 40 + i, 3, i, 3});
  const std::vector<float> x(at.size(), 0.5f);
  return heed::testing::check_score<batch>(Model<F>{}, std::span<const cell>(at), std::span<const float>(x));
}

TEST(testing_score_laws, pass_a_modifier_whose_forms_agree) {
  EXPECT_FALSE(report<fault::none>());
  EXPECT_FALSE((report<fault::none, bound_shift>()));
}

TEST(testing_score_laws, find_the_faults) {
  EXPECT_EQ(report<fault::wrong_in_vectors>().index, 0);
  EXPECT_STREQ(report<fault::wrong_in_double>().broken, "float agrees with double up to 4 ulp");
  if (batch::lanes > 1) {
    EXPECT_EQ(report<fault::mixes_up_lanes>().index, batch::lanes - 1);
  }
  EXPECT_EQ(report<fault::ignores_a_shared_field>().index, 2 * batch::lanes);
  EXPECT_STREQ((report<fault::other_over_lanes, bound_shift>().broken), "over(lanes) gives the bits of the modifier");
}

} // namespace
