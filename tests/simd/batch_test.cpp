// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Every operation of batch, lane by lane, against plain numbers. The same source is built for each instruction set.
#include <heed/simd/batch.hpp>

#include <gtest/gtest.h>
#include <support/guarded_buffer.hpp>
#include <support/random.hpp>

#include <bit>
#include <cmath>
#include <limits>

namespace {

using heed::index_t;
using heed::simd::batch;
using heed::simd::batch_mask;

template <class A> using bits_of = std::conditional_t<sizeof(A) == 4, std::uint32_t, std::uint64_t>;
template <class A> bits_of<A> bits(A x) { return std::bit_cast<bits_of<A>>(x); }
/// The same bits, or both NaN.
template <class A> bool alike(A x, A y) { return bits(x) == bits(y) || (std::isnan(x) && std::isnan(y)); }

/// Numbers that meet every special case, then random ones.
template <class A> std::vector<A> samples(index_t count) {
  using lim = std::numeric_limits<A>;
  std::vector<A> list{A(0),
                      A(-0.0),
                      A(1),
                      A(-1),
                      lim::infinity(),
                      -lim::infinity(),
                      lim::quiet_NaN(),
                      lim::min(),
                      lim::denorm_min(),
                      -lim::denorm_min(),
                      lim::max(),
                      lim::lowest(),
                      lim::epsilon(),
                      A(0.1)};
  heed::test::random random(17);
  while (static_cast<index_t>(list.size()) < count)
    list.push_back(static_cast<A>(random.normal()) * (random.chance(4) ? A(1e6) : A(1)));
  random.shuffle(list);
  return list;
}
template <class A> batch<A> some(heed::test::random& random) {
  A x[batch<A>::lanes];
  for (A& y : x) y = static_cast<A>(random.normal());
  return batch<A>::load(x);
}
/// A value that the compiler knows nothing about.
template <class A> A opaque(A x) {
  volatile A y = x;
  return y;
}

template <class A> struct simd_batch : testing::Test {};
using number_types = testing::Types<float, double>;
TYPED_TEST_SUITE(simd_batch, number_types);

TYPED_TEST(simd_batch, has_the_lanes_of_its_instruction_set) {
#if defined(HEED_ISA_AVX512)
  constexpr std::size_t bytes = 64;
#elif defined(HEED_ISA_AVX2)
  constexpr std::size_t bytes = 32;
#elif defined(HEED_ISA_SSE2) || defined(HEED_ISA_NEON)
  constexpr std::size_t bytes = 16;
#else
  constexpr std::size_t bytes = sizeof(TypeParam);
#endif
  EXPECT_EQ(static_cast<std::size_t>(batch<TypeParam>::lanes), bytes / sizeof(TypeParam));
  EXPECT_EQ(sizeof(batch<TypeParam>), bytes);
}

TYPED_TEST(simd_batch, load_store_broadcast_generate_agree_with_memory) {
  using A = TypeParam;
  using B = batch<A>;
  heed::test::misaligned_buffer<A> from(2 * B::lanes, 1), to(2 * B::lanes, 1);
  for (index_t i = 0; i < 2 * B::lanes; ++i) from.data()[i] = A(i) - A(0.5);
  const B x = B::load(from.data() + 1);
  x.store(to.data());
  const B same(A(-7.25)), made = B::generate([](index_t i) { return A(3 * i); });
  const std::vector<A> row{A(1), A(2.5)};
  for (index_t i = 0; i < B::lanes; ++i) {
    EXPECT_EQ(to.data()[i], A(i) + A(0.5));
    EXPECT_EQ(x[i], A(i) + A(0.5));
    EXPECT_EQ(same[i], A(-7.25));
    EXPECT_EQ(made[i], A(3 * i));
    EXPECT_EQ(B::broadcast(row.data() + 1)[i], A(2.5));
  }
  heed::simd::prefetch(row.data());
  heed::simd::prefetch(nullptr);
}

TYPED_TEST(simd_batch, a_part_touches_no_memory_beyond_it) {
  using A = TypeParam;
  using B = batch<A>;
  for (index_t n = 0; n <= B::lanes; ++n) {
    for (const auto side : {heed::test::guard::after, heed::test::guard::before}) {
      heed::test::guarded_buffer<A> from(n, side), to(n, side);
      for (index_t i = 0; i < n; ++i) from.data()[i] = A(i + 1);
      const B x = B::load_first(from.data(), n), y = B::template widen_first<A>(from.data(), n);
      (x + x).store_first(to.data(), n);
      for (index_t i = 0; i < B::lanes; ++i) {
        EXPECT_EQ(bits(x[i]), bits(i < n ? A(i + 1) : A(0))) << "lane " << i << " of " << n;
        EXPECT_EQ(bits(y[i]), bits(x[i]));
      }
      for (index_t i = 0; i < n; ++i) EXPECT_EQ(to.data()[i], A(2 * (i + 1)));
    }
    std::vector<A> whole(static_cast<std::size_t>(B::lanes), A(-1)); // what stands behind the part stays
    B(A(5)).store_first(whole.data(), n);
    for (index_t i = 0; i < B::lanes; ++i) EXPECT_EQ(whole[static_cast<std::size_t>(i)], i < n ? A(5) : A(-1));
  }
}

TYPED_TEST(simd_batch, arithmetic_equals_the_scalar_one_in_each_lane) {
  using A = TypeParam;
  using B = batch<A>;
  const index_t count = 64 * B::lanes;
  const auto a = samples<A>(count), b = samples<A>(count + 1), c = samples<A>(count + 2);
  for (index_t at = 0; at < count; at += B::lanes) {
    const B x = B::load(a.data() + at), y = B::load(b.data() + at + 1), z = B::load(c.data() + at + 2);
    const B sum = x + y, difference = x - y, product = x * y, named = mul(x, y), quotient = x / y, fused = fma(x, y, z);
    const B most = max(x, y), least = min(x, y), size = abs(x), minus = -x, named_minus = neg(x);
    for (index_t i = 0; i < B::lanes; ++i) {
      const A p = x[i], q = y[i], r = z[i];
      EXPECT_TRUE(alike(sum[i], opaque(p) + q));
      EXPECT_TRUE(alike(difference[i], opaque(p) - q));
      EXPECT_TRUE(alike(product[i], opaque(p) * q));
      EXPECT_TRUE(alike(named[i], opaque(p) * q));
      EXPECT_TRUE(alike(quotient[i], opaque(p) / q));
      EXPECT_TRUE(alike(fused[i], B::fuses ? std::fma(p, q, r) : opaque(p * q) + r)) << p << ' ' << q << ' ' << r;
      EXPECT_EQ(bits(most[i]), bits(p > q ? p : q)) << p << ' ' << q;
      EXPECT_EQ(bits(least[i]), bits(p < q ? p : q)) << p << ' ' << q;
      EXPECT_EQ(bits(size[i]), bits(std::fabs(p)));
      EXPECT_EQ(bits(minus[i]), bits(-p));
      EXPECT_EQ(bits(named_minus[i]), bits(-p));
    }
  }
}

TYPED_TEST(simd_batch, max_and_min_give_the_second_operand_for_nan_and_equal_zeros) {
  using A = TypeParam;
  using B = batch<A>;
  const A nan = std::numeric_limits<A>::quiet_NaN();
  EXPECT_EQ(max(B(nan), B(A(3)))[0], A(3));
  EXPECT_TRUE(std::isnan(max(B(A(3)), B(nan))[0]));
  EXPECT_EQ(min(B(nan), B(A(3)))[0], A(3));
  EXPECT_TRUE(std::isnan(min(B(A(3)), B(nan))[0]));
  EXPECT_EQ(bits(max(B(A(0)), B(A(-0.0)))[0]), bits(A(-0.0)));
  EXPECT_EQ(bits(min(B(A(-0.0)), B(A(0)))[0]), bits(A(0)));
}

// (1 + e)^2 - round((1 + e)^2) is e^2 where the product is contracted, and 0 where it is not.
TYPED_TEST(simd_batch, no_product_is_contracted_with_a_sum) {
  using A = TypeParam;
  using B = batch<A>;
  const A near_one = opaque(1 + std::numeric_limits<A>::epsilon());
  const A square = opaque(opaque(near_one) * near_one);
  const B a(opaque(near_one)), s(square), m(-square), zero(A(0)), one(opaque(A(1)));
  EXPECT_EQ((a * a + m)[0], A(0));
  EXPECT_EQ((m + a * a)[0], A(0));
  EXPECT_EQ((a * a - s)[0], A(0));
  EXPECT_EQ((s - a * a)[0], A(0));
  EXPECT_EQ((s + mul(a, -a))[0], A(0));
  EXPECT_EQ((-(a * a) + s)[0], A(0));
  EXPECT_EQ((one * s - a * a)[0], A(0));
  EXPECT_EQ(hsum(a * a + m), A(0));
  const B x[1] = {a * a}; // through memory, as in a kernel's accumulators
  EXPECT_EQ((x[0] + m)[0], A(0));
  if (B::fuses)
    EXPECT_NE(fma(a, a, m)[0], A(0));
  else
    EXPECT_EQ(fma(a, a, m)[0], A(0));
}

TYPED_TEST(simd_batch, comparisons_answer_as_plain_ones) {
  using A = TypeParam;
  using B = batch<A>;
  const index_t count = 64 * B::lanes;
  const auto a = samples<A>(count), b = samples<A>(count + 3);
  for (index_t at = 0; at < count; at += B::lanes) {
    const B x = B::load(a.data() + at), y = at % 2 == 0 ? x : B::load(b.data() + at + 3);
    for (index_t i = 0; i < B::lanes; ++i) {
      const auto bit = [&](batch_mask<A> m) { return (m.bits() >> i & 1) != 0; };
      EXPECT_EQ(bit(x < y), x[i] < y[i]);
      EXPECT_EQ(bit(x <= y), x[i] <= y[i]);
      EXPECT_EQ(bit(x > y), x[i] > y[i]);
      EXPECT_EQ(bit(x >= y), x[i] >= y[i]);
      EXPECT_EQ(bit(x == y), x[i] == y[i]);
      EXPECT_EQ(bit(is_nan(x)), std::isnan(x[i]));
    }
  }
}

TYPED_TEST(simd_batch, masks_are_sets_of_lanes) {
  using A = TypeParam;
  using B = batch<A>;
  using M = batch_mask<A>;
  const std::uint64_t all = (std::uint64_t{1} << B::lanes) - 1;
  heed::test::random random(3);
  const B x = B::generate([](index_t i) { return A(i + 1); });
  const B y = B::generate([](index_t i) { return i % 2 == 0 ? std::numeric_limits<A>::quiet_NaN() : -A(0); });
  for (std::uint64_t set = 0; set <= all; ++set) {
    const std::uint64_t other = random.bits();
    const M m = M::from_bits(set | (other & ~all)), o = M::from_bits(other);
    ASSERT_EQ(m.bits(), set);
    ASSERT_EQ((m & o).bits(), set & other);
    ASSERT_EQ((m | o).bits(), set | (other & all));
    ASSERT_EQ((m ^ o).bits(), set ^ (other & all));
    ASSERT_EQ((~m).bits(), ~set & all);
    ASSERT_EQ(m.any(), set != 0);
    ASSERT_EQ(m.all(), set == all);
    const B chosen = select(m, x, y);
    for (index_t i = 0; i < B::lanes; ++i) ASSERT_EQ(bits(chosen[i]), bits((set >> i & 1) != 0 ? x[i] : y[i]));
  }
  for (index_t n = 0; n <= B::lanes; ++n) EXPECT_EQ(M::first_lanes(n).bits(), (std::uint64_t{1} << n) - 1);
}

TYPED_TEST(simd_batch, a_masked_lane_lets_nothing_through) {
  using A = TypeParam;
  using B = batch<A>;
  using lim = std::numeric_limits<A>;
  const std::uint64_t all = (std::uint64_t{1} << B::lanes) - 1;
  const B c = B::generate([](index_t i) { return i % 3 == 2 ? -A(0) : A(i) + A(0.25); });
  for (const A bad : {lim::quiet_NaN(), lim::infinity(), -lim::infinity(), lim::max()})
    for (std::uint64_t set = 0; set <= all; set += B::lanes > 8 ? 37 : 1) {
      const B a = select(batch_mask<A>::from_bits(set), B(A(2)), B(opaque(A(0))));
      const B b = select(batch_mask<A>::from_bits(set), B(A(3)), B(bad));
      const B got = fma_where(batch_mask<A>::from_bits(set), a, b, c),
              swapped = fma_where(batch_mask<A>::from_bits(set), b, a, c);
      for (index_t i = 0; i < B::lanes; ++i) {
        ASSERT_EQ(bits(got[i]), bits((set >> i & 1) != 0 ? c[i] + A(6) : c[i]));
        ASSERT_EQ(bits(swapped[i]), bits(got[i]));
      }
    }
}

TYPED_TEST(simd_batch, sums_and_maxima_halve_in_a_fixed_tree) {
  using A = TypeParam;
  using B = batch<A>;
  heed::test::random random(5);
  for (int round = 0; round < 100; ++round) {
    B x[B::lanes];
    for (B& y : x) y = some<A>(random) * B(random.chance(3) ? A(1e5) : A(1));
    const B each = hsum_each(x);
    for (index_t i = 0; i < B::lanes; ++i) {
      A tree[B::lanes], most = x[i][0];
      x[i].store(tree);
      for (const A y : tree) most = y > most ? y : most;
      for (index_t half = B::lanes / 2; half > 0; half /= 2)
        for (index_t j = 0; j < half; ++j) tree[j] += tree[j + half];
      ASSERT_EQ(hsum(x[i]), tree[0]);
      ASSERT_EQ(each[i], tree[0]);
      ASSERT_EQ(hmax(x[i]), most);
    }
  }
}

TYPED_TEST(simd_batch, transpose_swaps_lane_and_row) {
  using B = batch<TypeParam>;
  B x[B::lanes];
  for (index_t i = 0; i < B::lanes; ++i) x[i] = B::generate([i](index_t j) { return TypeParam(100 * i + j); });
  transpose(x);
  for (index_t i = 0; i < B::lanes; ++i)
    for (index_t j = 0; j < B::lanes; ++j) EXPECT_EQ(x[i][j], TypeParam(100 * j + i));
}

TYPED_TEST(simd_batch, differences_of_integers_round_once) {
  using A = TypeParam;
  using B = batch<A>;
  heed::test::random random(7);
  for (int round = 0; round < 200; ++round) {
    heed::test::guarded_buffer<std::int32_t> a(B::lanes);
    const index_t reach = random.chance(2) ? 1 << 30 : 1000;
    for (std::int32_t& x : a) x = static_cast<std::int32_t>(random.integer(-reach, reach - 1));
    const auto b = static_cast<std::int32_t>(random.integer(-reach, reach - 1));
    const B right = B::difference(a.data(), b), left = B::difference(b, a.data()), plain = B::from_int32(a.data());
    for (index_t i = 0; i < B::lanes; ++i) {
      EXPECT_EQ(right[i], A(a.data()[i] - b));
      EXPECT_EQ(left[i], A(b - a.data()[i]));
      EXPECT_EQ(plain[i], A(a.data()[i]));
    }
  }
}

} // namespace
