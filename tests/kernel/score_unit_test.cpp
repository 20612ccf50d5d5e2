// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Powers, log-sum-exps and factors of both units of scores against double.
#include <heed/kernel/score_unit.hpp>

#include <kernel/micro.hpp>

namespace {
using namespace heed;
using namespace heed::test;
using kernel::score_unit;
template <class A> class kernel_score_unit : public testing::Test {};
TYPED_TEST_SUITE(kernel_score_unit, accumulators);

TYPED_TEST(kernel_score_unit, powers_of_differences) {
  using A = TypeParam;
  using batch = simd::batch<A>;
  test::random gen(1);
  for (int i = 0; i < 1000; ++i) {
    const A x = static_cast<A>(40 * (gen.unit() - 1));
    const double d = static_cast<double>(x), size = 1 + std::fabs(d);
    EXPECT_NEAR(static_cast<double>(kernel::power<score_unit::base_two>(batch(x))[0]), std::exp2(d),
                epsilon<A> * std::exp2(d));
    EXPECT_NEAR(static_cast<double>(kernel::power<score_unit::natural>(batch(x))[0]), std::exp(d),
                size * epsilon<A> * std::exp(d));
  }
  EXPECT_EQ(kernel::power<score_unit::natural>(batch(-infinite<A>))[0], A(0));
  EXPECT_EQ(kernel::power<score_unit::natural>(batch(A(0)))[0], A(1));
  EXPECT_TRUE(std::isnan(kernel::power<score_unit::natural>(batch(quiet_nan<A>))[0]));
}

TYPED_TEST(kernel_score_unit, log_sum_exp_is_rounded_once) {
  using A = TypeParam;
  using batch = simd::batch<A>;
  test::random gen(2);
  for (int i = 0; i < 1000; ++i) {
    const A m = static_cast<A>(200 * gen.unit()), l = static_cast<A>(500 * (1.01f + gen.unit()));
    const long double rest = std::log(static_cast<long double>(l)), natural = static_cast<long double>(m) + rest,
                      two = static_cast<long double>(m) * std::log(2.L) + rest;
    // Half an ulp of the result and, where there is no fma, of a product; beside that log2(l) and the constant ln 2.
    const auto off = [](A got, long double want) { return static_cast<double>(std::fabs(got - want)); };
    const long double ulp = epsilon<A>, product = batch::fuses ? .05L : .55L;
    EXPECT_LE(off(kernel::natural_lse<score_unit::natural>(batch(m), batch(l))[0], natural),
              static_cast<double>(ulp * (.5L * std::fabs(natural) + 2 * std::fabs(rest))));
    EXPECT_LE(
        off(kernel::natural_lse<score_unit::base_two>(batch(m), batch(l))[0], two),
        static_cast<double>(ulp * (.5L * std::fabs(two) + product * std::fabs(two - rest) + 2 * std::fabs(rest))));
  }
  EXPECT_EQ(kernel::natural_lse<score_unit::natural>(batch(-infinite<A>), batch(A(0)))[0], -infinite<A>);
  EXPECT_EQ(kernel::natural_lse<score_unit::base_two>(batch(-infinite<A>), batch(A(0)))[0], -infinite<A>);
}

TYPED_TEST(kernel_score_unit, products_with_a_factor_of_two_parts) {
  using A = TypeParam;
  using batch = simd::batch<A>;
  test::random gen(3);
  for (int i = 0; i < 1000; ++i) {
    const double a = static_cast<double>(gen.unit()), b = static_cast<double>(gen.unit());
    const auto f = kernel::two_part_factor<A>::product(a, b, b * 0x1p-54);
    const long double exact = static_cast<long double>(a) * static_cast<long double>(b);
    EXPECT_NEAR(static_cast<double>(f.high), static_cast<double>(exact), epsilon<A> * std::fabs(a * b));
    const A x = static_cast<A>(gen.unit());
    const long double want = static_cast<long double>(x) * (exact + exact * 0x1p-54L);
    const long double off = static_cast<long double>(f.times(batch(x))[0]) - want;
    const double share = batch::fuses ? .51 : 1.01;
    EXPECT_LE(static_cast<double>(std::fabs(off)), share * epsilon<A> * static_cast<double>(std::fabs(want)));
  }
}
} // namespace
