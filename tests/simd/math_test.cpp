// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// exp2, log2 and tanh: their error against the next wider type, special values, and bits that are the same for every
// compiler, level of optimisation and state of FTZ and DAZ. The same source is built for each instruction set.
#include <heed/simd/math.hpp>

#include <gtest/gtest.h>
#include <support/flush_to_zero.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace {

using heed::index_t;
using heed::simd::batch;

template <class A> using bits_of = std::conditional_t<sizeof(A) == 4, std::uint32_t, std::uint64_t>;
template <class A> bits_of<A> bits(A x) { return std::bit_cast<bits_of<A>>(x); }
template <class A> A from_bits(std::uint64_t x) { return std::bit_cast<A>(static_cast<bits_of<A>>(x)); }
template <class A> using wider = std::conditional_t<sizeof(A) == 4, double, long double>;
template <class A> using lim = std::numeric_limits<A>;

struct exp2_of {
  template <class A> static batch<A> apply(batch<A> x) { return exp2(x); }
  template <class W> static W exact(W x) { return std::exp2(x); }
};
struct log2_of {
  template <class A> static batch<A> apply(batch<A> x) { return log2(x); }
  template <class W> static W exact(W x) { return std::log2(x); }
};
struct tanh_of {
  template <class A> static batch<A> apply(batch<A> x) { return tanh(x); }
  template <class W> static W exact(W x) { return std::tanh(x); }
};

// Out of line, so that the state of FTZ and DAZ is the one at the call.
template <class F, class A> HEED_NOINLINE void apply_all(const A* from, A* to, index_t count) {
  for (index_t i = 0; i < count; i += batch<A>::lanes) F::apply(batch<A>::load(from + i)).store(to + i);
}
template <class F, class A> std::vector<A> results(const std::vector<A>& from) {
  std::vector<A> to(from.size());
  apply_all<F>(from.data(), to.data(), static_cast<index_t>(from.size()));
  return to;
}
template <class F, class A> A one(A x) { return F::apply(batch<A>(x))[0]; }

/// Bit patterns only, so that every machine draws the same: all floats in steps of a prime, or random doubles of every
/// magnitude, most of them between 2^-60 and 2^12; and the neighbours of 1 and -1.
template <class A> std::vector<A> samples() {
  std::vector<A> list;
  heed::test::random random(23);
  const int fraction = lim<A>::digits - 1;
  for (int i = 0; i < 300'000; ++i) {
    const std::uint64_t step = random.bits() >> (64 - fraction + i % fraction);
    list.push_back(from_bits<A>(random.chance(2) ? bits(A(1)) + step : bits(A(1)) - step));
    if (i % 2 == 0) list.back() = -list.back();
  }
  if constexpr (sizeof(A) == 4) {
    for (std::uint64_t u = 0; u < std::uint64_t{1} << 32; u += 2039) list.push_back(from_bits<A>(u));
  } else {
    for (int i = 0; i < 300'000; ++i) {
      const auto exponent = static_cast<std::uint64_t>(1023 + random.integer(-60, 11));
      list.push_back(from_bits<A>(i % 4 == 0 ? random.bits() : exponent << 52 | random.bits() >> 12));
      if (i % 2 == 0) list.back() = -list.back();
    }
  }
  while (list.size() % 64 != 0) list.push_back(A(0.75));
  return list;
}

/// Greatest error over the samples in [least, most], in units of the last place of the right result.
template <class F, class A> double worst_ulp(A least, A most) {
  const auto from = samples<A>(), to = results<F>(from);
  double worst = 0;
  constexpr std::size_t step = lim<wider<A>>::digits > 64 ? 16 : 1; // a long double of 128 bits is slow
  for (std::size_t i = 0; i < from.size(); i += step) {
    if (!(from[i] >= least && from[i] <= most)) continue;
    const wider<A> right = F::exact(static_cast<wider<A>>(from[i]));
    int exponent = 0;
    std::frexp(right, &exponent);
    const wider<A> ulp = std::ldexp(wider<A>(1), std::max(exponent, lim<A>::min_exponent) - lim<A>::digits);
    worst = std::max(worst, static_cast<double>(std::fabs(static_cast<wider<A>>(to[i]) - right) / ulp));
  }
  testing::Test::RecordProperty("worst_ulp", std::to_string(worst));
  std::printf("worst error %.3f ulp\n", worst);
  return worst;
}
/// FNV-1a of the results, all NaN alike.
template <class F, class A> std::uint64_t fingerprint() {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const A y : results<F>(samples<A>()))
    for (std::size_t byte = 0; byte < sizeof(A); ++byte) {
      const std::uint64_t u = std::isnan(y) ? ~std::uint64_t{0} : bits(y);
      hash = (hash ^ (u >> 8 * byte & 0xff)) * 0x100000001b3u;
    }
  return hash;
}
template <class F, class A> void expect_the_same_when_flushed() {
  const auto from = samples<A>(), plain = results<F>(from);
  std::vector<A> flushed(from.size());
  {
    const heed::test::flush_to_zero state;
#if defined(__x86_64__) || defined(__aarch64__)
    volatile A least = lim<A>::min(), product = least;
    product = product * A(0.5);
    EXPECT_EQ(product, A(0)); // or the test would show nothing
#endif
    apply_all<F>(from.data(), flushed.data(), static_cast<index_t>(from.size()));
  }
  for (std::size_t i = 0; i < from.size(); ++i)
    ASSERT_TRUE(bits(plain[i]) == bits(flushed[i]) || (std::isnan(plain[i]) && std::isnan(flushed[i]))) << from[i];
}
/// Each value in each lane, beside other values, gives what it gives alone.
template <class F, class A> void expect_lanes_alike(const std::vector<A>& values) {
  constexpr index_t lanes = batch<A>::lanes;
  const auto count = static_cast<index_t>(values.size());
  for (index_t shift = 0; shift < count; ++shift) {
    const auto at = [&](index_t i) { return values[static_cast<std::size_t>((i + shift) % count)]; };
    const batch<A> y = F::apply(batch<A>::generate(at));
    for (index_t i = 0; i < lanes; ++i) {
      const A alone = one<F>(at(i));
      ASSERT_TRUE(bits(y[i]) == bits(alone) || (std::isnan(y[i]) && std::isnan(alone))) << at(i);
    }
  }
}

template <class A> struct simd_math : testing::Test {
  static constexpr bool single = sizeof(A) == 4;
  static constexpr A nan = lim<A>::quiet_NaN(), inf = lim<A>::infinity();
  static constexpr A lowest = single ? A(-126) : A(-1022), highest = single ? A(128) : A(1024);
  inline static const std::vector<A> special{
      nan,     inf,    -inf,          A(0),    A(-0.0), lim<A>::min(), lim<A>::denorm_min(), lowest,
      highest, A(0.3), lim<A>::max(), A(-7.5), A(1),    A(1e-30),      -lim<A>::denorm_min()};
};
using number_types = testing::Types<float, double>;
TYPED_TEST_SUITE(simd_math, number_types);

// Every float (on AVX-512 and SSE2): 0.800 with fma, 1.080 without.
TYPED_TEST(simd_math, exp2_stays_within_its_bound) {
  const double worst =
      worst_ulp<exp2_of, TypeParam>(TestFixture::lowest, std::nextafter(TestFixture::highest, TypeParam(0)));
  EXPECT_LE(worst, batch<TypeParam>::fuses ? 0.85 : 1.1);
  EXPECT_GE(worst, 0.5);
}

// Every float: 0.978 with fma, 1.360 without.
TYPED_TEST(simd_math, log2_stays_within_its_bound) {
  const double worst = worst_ulp<log2_of, TypeParam>(lim<TypeParam>::min(), lim<TypeParam>::max());
  EXPECT_LE(worst, batch<TypeParam>::fuses ? 1.0 : 1.37);
  EXPECT_GE(worst, 0.5);
}

// Every float: 2.566 with fma, 2.606 without.
TYPED_TEST(simd_math, tanh_stays_within_its_bound) {
  const double worst = worst_ulp<tanh_of, TypeParam>(-TestFixture::inf, TestFixture::inf);
  EXPECT_LE(worst, batch<TypeParam>::fuses ? 2.57 : 2.61);
  EXPECT_GE(worst, 0.5);
}

TYPED_TEST(simd_math, exp2_is_exact_for_integers_and_never_subnormal) {
  using A = TypeParam;
  const A low = this->lowest, high = this->highest;
  for (A k = low; k < high; k += 1) ASSERT_EQ(one<exp2_of>(k), std::ldexp(A(1), static_cast<int>(k)));
  for (const A x : {high, std::nextafter(high, this->inf), lim<A>::max(), this->inf})
    EXPECT_EQ(one<exp2_of>(x), this->inf) << x;
  for (const A x : {std::nextafter(low, -this->inf), low - A(0.3), low - A(0.5), low - A(1), low - A(23), 2 * low,
                    -lim<A>::max(), -this->inf})
    EXPECT_EQ(bits(one<exp2_of>(x)), 0u) << x;
  EXPECT_GE(one<exp2_of>(std::nextafter(low, A(0))), lim<A>::min());
  EXPECT_LT(one<exp2_of>(std::nextafter(high, A(0))), this->inf);
  for (const A x : {A(0), A(-0.0), lim<A>::denorm_min(), -lim<A>::min()}) EXPECT_EQ(one<exp2_of>(x), A(1));
  for (const A x : {this->nan, -this->nan, from_bits<A>(bits(this->inf) + 1), from_bits<A>(~std::uint64_t{0})})
    EXPECT_TRUE(std::isnan(one<exp2_of>(x)));
  expect_lanes_alike<exp2_of>(this->special);
}

TYPED_TEST(simd_math, log2_is_exact_for_powers_of_two) {
  using A = TypeParam;
  for (A k = this->lowest; k < this->highest; k += 1)
    ASSERT_EQ(bits(one<log2_of>(std::ldexp(A(1), static_cast<int>(k)))), bits(k == 0 ? A(0) : k));
  EXPECT_EQ(one<log2_of>(this->inf), this->inf);
  for (const A x : {A(0), A(-0.0), lim<A>::denorm_min(), -lim<A>::denorm_min(), std::nextafter(lim<A>::min(), A(0))})
    EXPECT_EQ(one<log2_of>(x), -this->inf) << x;
  for (const A x :
       {-lim<A>::min(), A(-1), lim<A>::lowest(), -this->inf, this->nan, -this->nan, from_bits<A>(bits(this->inf) + 1)})
    EXPECT_TRUE(std::isnan(one<log2_of>(x))) << x;
  expect_lanes_alike<log2_of>(this->special);
}

TYPED_TEST(simd_math, tanh_is_odd_linear_at_zero_and_one_at_infinity) {
  using A = TypeParam;
  const auto from = samples<A>();
  auto mirrored = from;
  for (A& x : mirrored) x = -x;
  const auto to = results<tanh_of>(from), back = results<tanh_of>(mirrored);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (std::isnan(from[i])) {
      ASSERT_TRUE(std::isnan(to[i]));
      continue;
    }
    ASSERT_EQ(bits(to[i]), bits(-back[i])) << from[i];
    ASSERT_LE(std::fabs(to[i]), A(1)) << from[i];
    const bool linear = std::fabs(from[i]) < A(1e-9);
    ASSERT_TRUE(!linear || bits(to[i]) == bits(from[i])) << from[i];
  }
  for (const A x : {this->single ? A(9.02) : A(19.1), A(40), lim<A>::max(), this->inf}) {
    EXPECT_EQ(one<tanh_of>(x), A(1));
    EXPECT_EQ(one<tanh_of>(-x), A(-1));
  }
  expect_lanes_alike<tanh_of>(this->special);
}

TYPED_TEST(simd_math, flushing_subnormals_changes_no_bit) {
  expect_the_same_when_flushed<exp2_of, TypeParam>();
  expect_the_same_when_flushed<log2_of, TypeParam>();
  expect_the_same_when_flushed<tanh_of, TypeParam>();
}

// One number for all instruction sets that have an fma, one for those that lack it. A change of a coefficient or of the
// order of operations changes it; a compiler must not.
TYPED_TEST(simd_math, bits_depend_on_the_fma_alone) {
  using A = TypeParam;
  constexpr bool fuses = batch<A>::fuses;
  if constexpr (sizeof(A) == 4) {
    EXPECT_EQ((fingerprint<exp2_of, A>()), fuses ? 4659029552702890482u : 4340722179656263747u);
    EXPECT_EQ((fingerprint<log2_of, A>()), fuses ? 14212700932678451513u : 2402887546597132165u);
    EXPECT_EQ((fingerprint<tanh_of, A>()), fuses ? 3588019965264062826u : 11133240948676854494u);
  } else {
    EXPECT_EQ((fingerprint<exp2_of, A>()), fuses ? 15294527273807107049u : 13422157319664681898u);
    EXPECT_EQ((fingerprint<log2_of, A>()), fuses ? 2440356236598926005u : 3349796099881335582u);
    EXPECT_EQ((fingerprint<tanh_of, A>()), fuses ? 794670342891263609u : 14933372057526852091u);
  }
}

} // namespace
