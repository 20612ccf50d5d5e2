// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// exp2, log2 and tanh of a batch, with error bounds.
// Each is a fixed sequence of explicit fma, products and sums: the bits depend on the instruction set (SSE2 has no
// fma), and neither on the compiler, the optimiser, FTZ and DAZ, nor on the lane. NaN is kept in each.
#include <heed/simd/batch.hpp>

#include <bit>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

namespace detail {

/// c0 + x (c1 + x (c2 + ...)), innermost first.
template <class A> HEED_INLINE batch<A> horner(batch<A>, A c) noexcept { return batch<A>(c); }
template <class A, class... C> HEED_INLINE batch<A> horner(batch<A> x, A c0, C... rest) noexcept {
  return fma(horner(x, rest...), x, batch<A>(c0));
}

/// The layout of the number type, and the polynomials of its precision: minimax in the relative error, coefficients
/// rounded one after the other from the lowest power on and the rest fitted again.
template <class A> struct numbers;
template <> struct numbers<float> {
  using bits = std::uint32_t;
  static constexpr int fraction_bits = 23;
  static constexpr float least_exponent = -126, infinite_exponent = 128;
  static constexpr float to_integer = 0x1.8p23f; // x + to_integer - to_integer rounds x; the sum's low bits hold it
  static constexpr float integers = 0x1p23f, exponent_bias = 127;
  static constexpr float least_normal = 0x1p-126f, infinity = __builtin_inff(), nan = __builtin_nanf("");
  static constexpr float log2_e = 0x1.715476p+0f, sqrt_half = 0x1.6a09e6p-1f;
  static constexpr float ln_2_high = 0x1.62e4p-1f, ln_2_low = 0x1.7f7d1cp-20f; // 17 bits, so that 32 ln_2_high is exact
  static constexpr float tanh_linear = 0x1p-12f;                               // x^2 / 3 is below a quarter of an ulp
  static constexpr float tanh_one = 21;                                        // e^21 / (e^21 + 2) is 1

  /// 2^f, |f| <= 1/2: relative error 3.0e-9, exact at 0.
  static HEED_INLINE batch<float> exp2_near_zero(batch<float> f) noexcept {
    return horner(f, 1.f, 0x1.62e430p-1f, 0x1.ebfbdcp-3f, 0x1.c6af7ap-5f, 0x1.3b2dd2p-7f, 0x1.5f0948p-10f,
                  0x1.417a70p-13f);
  }
  /// (e^g - 1 - g) / g^2, |g| <= ln(2) / 2: 1.4e-8 of e^g - 1.
  static HEED_INLINE batch<float> exp_bend(batch<float> g) noexcept {
    return horner(g, 0x1.fffffep-2f, 0x1.5554b4p-3f, 0x1.5556f6p-5f, 0x1.12253ap-7f, 0x1.6b976ap-10f);
  }
  /// log2(1 + f) / f - 1, sqrt(1/2) <= 1 + f <= sqrt(2): 7.4e-9 of log2(1 + f) / f.
  static HEED_INLINE batch<float> log2_slope(batch<float> f) noexcept {
    return horner(f, 0x1.c551dap-2f, -0x1.715476p-1f, 0x1.ec7026p-2f, -0x1.7156dep-2f, 0x1.278b1ap-2f, -0x1.eb65c2p-3f,
                  0x1.a22852p-3f, -0x1.81c898p-3f, 0x1.7e9ddap-3f, -0x1.db8e64p-4f);
  }
};
template <> struct numbers<double> {
  using bits = std::uint64_t;
  static constexpr int fraction_bits = 52;
  static constexpr double least_exponent = -1022, infinite_exponent = 1024;
  static constexpr double to_integer = 0x1.8p52;
  static constexpr double integers = 0x1p52, exponent_bias = 1023;
  static constexpr double least_normal = 0x1p-1022, infinity = __builtin_inf(), nan = __builtin_nan("");
  static constexpr double log2_e = 0x1.71547652b82fep+0, sqrt_half = 0x1.6a09e667f3bcdp-1;
  static constexpr double ln_2_high = 0x1.62e42fefa3ap-1, ln_2_low = -0x1.0ca86c3898dp-49; // 44 bits
  static constexpr double tanh_linear = 0x1p-27;
  static constexpr double tanh_one = 42;

  /// Relative error 4.1e-18.
  static HEED_INLINE batch<double> exp2_near_zero(batch<double> f) noexcept {
    return horner(f, 1., 0x1.62e42fefa39efp-1, 0x1.ebfbdff82c59cp-3, 0x1.c6b08d704a0d5p-5, 0x1.3b2ab6fba11f6p-7,
                  0x1.5d87fe78b3815p-10, 0x1.4309130c010f0p-13, 0x1.ffcbfbf9e370ep-17, 0x1.62bfcdde54059p-20,
                  0x1.b5260b441133ep-24, 0x1.e611a0e9779a6p-28, 0x1.e8127ca37b393p-32);
  }
  /// 1.9e-17.
  static HEED_INLINE batch<double> exp_bend(batch<double> g) noexcept {
    return horner(g, 0x1.0000000000005p-1, 0x1.555555555554fp-3, 0x1.555555555227cp-5, 0x1.1111111114e49p-7,
                  0x1.6c16c17ec4825p-10, 0x1.a01a0186b75e8p-13, 0x1.a019a7d9b01b8p-16, 0x1.71de67900035bp-19,
                  0x1.28a16a804e620p-22, 0x1.ae970a1805c98p-26);
  }
  /// 1.4e-17.
  static HEED_INLINE batch<double> log2_slope(batch<double> f) noexcept {
    return horner(f, 0x1.c551d94ae0bf8p-2, -0x1.71547652b82fep-1, 0x1.ec709dc3a05dbp-2, -0x1.71547652b86e9p-2,
                  0x1.2776c50edb08dp-2, -0x1.ec709dc30525bp-3, 0x1.a61762c128a3bp-3, -0x1.7154769e5e4f7p-3,
                  0x1.484b0e7b6e325p-3, -0x1.2776b27e4b25cp-3, 0x1.0c9b253bc0610p-3, -0x1.ec75bf6b8e7afp-4,
                  0x1.c67a3abd1d586p-4, -0x1.a5ac184a4a7d8p-4, 0x1.8aa473143da13p-4, -0x1.76828d9dc9795p-4,
                  0x1.5ac0c35f01cf6p-4, -0x1.24a200c9c025dp-4, 0x1.194c7da687af3p-4, -0x1.975502fbb3cc3p-4,
                  0x1.d814d5067f688p-4, -0x1.d34bc2c8b895dp-5);
  }
};

} // namespace detail

/// 2^x.
///
/// Requires       rounding to nearest
/// Error          float: 0.80 ulp with fma, 1.08 without; double: 0.75, 1.03
/// Laws           exact for integers in [-126, 127] (double: [-1022, 1023]); +inf from 128 (1024) on; exactly +0 below
///                -126 (-1022) and for -inf, never a subnormal number
/// Cost           6 (double: 11) fma and 5 to 8 other operations
template <class A> HEED_INLINE batch<A> exp2(batch<A> x) noexcept {
  using B = batch<A>;
  using ops = lane_ops<A>;
  using n = detail::numbers<A>;
  const B low(n::least_exponent);
  const B bounded = min(B(n::infinite_exponent), x); // inf - inf would be NaN; min keeps a NaN that stands second
  if constexpr (ops::scales) {
    const B whole(ops::round(bounded.r));
    const B p = n::exp2_near_zero(bounded - whole);
    return B(ops::times_pow2_where(ops::not_less(x.r, low.r), p.r, whole.r));
  } else {
    const B shifted = bounded + B(n::to_integer);
    const B p = n::exp2_near_zero(bounded - (shifted - B(n::to_integer)));
    // 2^128 is 1 with 128 added to its exponent: the pattern of infinity.
    const B scaled(ops::bits_add(p.r, ops::template bits_shl<n::fraction_bits>(shifted.r)));
    return select(x >= low, scaled, max(B(A(0)), x)); // otherwise 0 or NaN
  }
}

/// Base-2 logarithm.
///
/// Error          on normal numbers, float: 0.98 ulp with fma, 1.36 without; double: 0.90, 1.15
/// Laws           exact for powers of two, log2(1) = +0; +inf to +inf; below zero to NaN; zeros of both signs and
/// subnormal numbers to -inf Cost           9 (double: 21) fma and about 15 other operations
template <class A> HEED_INLINE batch<A> log2(batch<A> x) noexcept {
  using B = batch<A>;
  using ops = lane_ops<A>;
  using n = detail::numbers<A>;
  using bits = typename n::bits;
  constexpr A fraction = std::bit_cast<A>((bits{1} << n::fraction_bits) - 1);
  constexpr A lift = std::bit_cast<A>(std::bit_cast<bits>(A(1)) - std::bit_cast<bits>(n::sqrt_half));
  // x = 2^e m with sqrt(1/2) <= m < sqrt(2)
  const auto lifted = ops::bits_add(x.r, ops::broadcast(lift));
  const auto biased = ops::template bits_shr<n::fraction_bits>(lifted);
  const B e = B(ops::bit_or(biased, ops::broadcast(n::integers))) - B(n::integers + n::exponent_bias);
  const B m(ops::bits_add(ops::bit_and(lifted, ops::broadcast(fraction)), ops::broadcast(n::sqrt_half)));
  const B f = m - B(A(1));
  B y = e + fma(f, n::log2_slope(f), f);
  y = select(x < B(n::infinity), y, x);
  y = select(x < B(n::least_normal), B(-n::infinity), y);
  return select(x <= B(-n::least_normal), B(n::nan), y);
}

/// Hyperbolic tangent, by t / (t + 2) with t = e^(2 |x|) - 1.
///
/// Error          float: 2.57 ulp with fma, 2.61 without; double: 2.4
/// Laws           odd; +-1 from |x| = 9.02 (double: 19.1) on; x itself for |x| < 2^-12 (2^-27), subnormal numbers too
/// Cost           a division, 9 (double: 14) fma and about 15 other operations
template <class A> HEED_INLINE batch<A> tanh(batch<A> x) noexcept {
  using B = batch<A>;
  using ops = lane_ops<A>;
  using n = detail::numbers<A>;
  const B one(A(1)), size = abs(x);
  const B z = min(B(n::tanh_one), size + size);
  const B shifted = fma(z, B(n::log2_e), B(n::to_integer));
  const B k = shifted - B(n::to_integer);
  // z = k ln 2 + g, and e^z - 1 = 2^k (e^g - 1) + 2^k - 1
  const B g = fma(k, B(-n::ln_2_low), fma(k, B(-n::ln_2_high), z));
  const B s(ops::bits_add(ops::template bits_shl<n::fraction_bits>(shifted.r), one.r));
  const B t = fma(s, fma(g * g, n::exp_bend(g), g), s - one);
  const B q = t / (t + B(A(2)));
  const auto sign = ops::bit_and(x.r, ops::broadcast(A(-0.0)));
  return select(size < B(n::tanh_linear), x, B(ops::bit_or(q.r, sign)));
}

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
