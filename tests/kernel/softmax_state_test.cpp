// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Merging states: neutral, close to double, the same by lanes and by rows, NaN gets through.
#include <heed/kernel/softmax_state.hpp>

#include <kernel/micro.hpp>

namespace {
using namespace heed;
using namespace heed::test;
template <class A> class kernel_softmax_state : public testing::Test {};
TYPED_TEST_SUITE(kernel_softmax_state, accumulators);

/// Both layouts of one state.
template <class A> struct state {
  static constexpr index_t lanes = 2 * simd::batch<A>::lanes;
  index_t dim, stride;
  std::vector<A> m, l, by_lanes, by_rows;
  explicit state(index_t value_dim)
      : dim(value_dim), stride((value_dim + lanes - 1) / lanes * lanes), m(place(lanes), -infinite<A>), l(place(lanes)),
        by_lanes(place(dim * lanes)), by_rows(place(lanes * stride)) {}
  state(test::random& gen, index_t value_dim) : state(value_dim) {
    for (A& x : m) x = static_cast<A>(8 * gen.unit());
    for (A& x : l) x = static_cast<A>(2 + gen.unit());
    for (index_t lane = 0; lane < lanes; ++lane)
      for (index_t d = 0; d < dim; ++d)
        by_lanes[place(d * lanes + lane)] = by_rows[place(lane * stride + d)] = static_cast<A>(gen.unit());
  }
  kernel::softmax_state<A> in_lanes() { return {m.data(), l.data(), by_lanes.data()}; }
  kernel::softmax_state<A> in_rows() { return {m.data(), l.data(), by_rows.data()}; }
};
using kernel::score_unit;
constexpr score_unit units[] = {score_unit::base_two, score_unit::natural};
template <score_unit Unit, class A> void merge_in(state<A>& into, state<A> from) {
  state<A> rows = into;
  kernel::merge_by_lanes<Unit>(into.in_lanes(), from.in_lanes(), state<A>::lanes, into.dim);
  kernel::merge_by_rows<Unit>(rows.in_rows(), from.in_rows(), state<A>::lanes, rows.stride);
  into.by_rows = rows.by_rows;
  for (index_t lane = 0; lane < state<A>::lanes; ++lane) {
    const auto same = [](A a, A b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    EXPECT_TRUE(same(into.m[place(lane)], rows.m[place(lane)]));
    EXPECT_TRUE(same(into.l[place(lane)], rows.l[place(lane)]));
    for (index_t d = 0; d < into.dim; ++d)
      EXPECT_TRUE(same(into.by_lanes[place(d * state<A>::lanes + lane)], rows.by_rows[place(lane * rows.stride + d)]))
          << "layouts differ in a bit";
  }
}

template <class A> void merge(score_unit unit, state<A>& into, const state<A>& from) {
  if (unit == score_unit::natural)
    merge_in<score_unit::natural>(into, from);
  else
    merge_in<score_unit::base_two>(into, from);
}

TYPED_TEST(kernel_softmax_state, merge_equals_double) {
  using A = TypeParam;
  test::random gen(1);
  for (const score_unit unit : units)
    for (const index_t dim : {1, 7, 16, 33}) {
      const auto power = [&](double x) { return unit == score_unit::natural ? std::exp(x) : std::exp2(x); };
      state<A> a(gen, dim);
      const state<A> b(gen, dim), before = a;
      merge(unit, a, b);
      for (index_t lane = 0; lane < state<A>::lanes; ++lane) {
        const auto i = place(lane);
        const double m = std::max(static_cast<double>(before.m[i]), static_cast<double>(b.m[i]));
        const double keep = power(static_cast<double>(before.m[i]) - m), add = power(static_cast<double>(b.m[i]) - m);
        EXPECT_EQ(static_cast<double>(a.m[i]), m);
        const double l = static_cast<double>(before.l[i]) * keep + static_cast<double>(b.l[i]) * add;
        EXPECT_NEAR(static_cast<double>(a.l[i]), l, 16 * epsilon<A> * l);
        for (index_t d = 0; d < dim; ++d) {
          const auto at = place(d * state<A>::lanes + lane);
          const double x = static_cast<double>(before.by_lanes[at]) * keep,
                       y = static_cast<double>(b.by_lanes[at]) * add;
          EXPECT_NEAR(static_cast<double>(a.by_lanes[at]), x + y, 16 * epsilon<A> * (std::fabs(x) + std::fabs(y)));
        }
      }
    }
}

TYPED_TEST(kernel_softmax_state, the_empty_state_is_neutral_on_both_sides) {
  using A = TypeParam;
  test::random gen(2);
  const state<A> some(gen, 9), none(9);
  for (const score_unit unit : units) {
    state<A> left = none, right = some, both = none;
    merge(unit, left, some);
    merge(unit, right, none);
    merge(unit, both, none);
    EXPECT_EQ(left.m, some.m);
    EXPECT_EQ(left.l, some.l);
    EXPECT_EQ(left.by_lanes, some.by_lanes);
    EXPECT_EQ(right.m, some.m);
    EXPECT_EQ(right.l, some.l);
    EXPECT_EQ(right.by_lanes, some.by_lanes);
    EXPECT_EQ(both.m, none.m);
    EXPECT_EQ(both.l, none.l);
    EXPECT_EQ(both.by_lanes, none.by_lanes) << "not NaN";
  }
}

TYPED_TEST(kernel_softmax_state, nan_survives_from_either_side_in_its_lane_only) {
  using A = TypeParam;
  test::random gen(3);
  const state<A> good(gen, 5);
  state<A> bad = good;
  bad.m[1 % place(state<A>::lanes)] = quiet_nan<A>;
  for (const score_unit unit : units)
    for (const bool first : {true, false}) {
      state<A> a = first ? bad : good;
      merge(unit, a, first ? good : bad);
      for (index_t lane = 0; lane < state<A>::lanes; ++lane) {
        EXPECT_EQ(std::isnan(a.l[place(lane)]), lane == 1 % state<A>::lanes);
        for (index_t d = 0; d < 5; ++d)
          EXPECT_EQ(std::isnan(a.by_lanes[place(d * state<A>::lanes + lane)]), lane == 1 % state<A>::lanes);
      }
    }
}
} // namespace
