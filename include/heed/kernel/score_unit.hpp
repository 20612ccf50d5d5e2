// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// In which unit scores, running maxima and their differences are kept, and what costs no rounding in either.
#include <heed/detail/scalar_ops.hpp>
#include <heed/simd/math.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Base two where no modifier runs: the change of base is folded into the packed queries. Natural where one does: it
/// sees scores as they are, and the change of base comes after the maximum is taken off, where its roundings are
/// shares of a difference and not of the score.
enum class score_unit : unsigned char { base_two, natural };

/// log2(e): natural scores become powers of two.
template <class A> inline constexpr A log2e = A(1.44269504088896340735992468100189214L);

/// 2^x or e^x for a difference of scores.
template <score_unit Unit, class A> HEED_INLINE simd::batch<A> power(simd::batch<A> x) noexcept {
  if constexpr (Unit == score_unit::natural)
    return simd::exp2(mul(x, simd::batch<A>(log2e<A>)));
  else
    return simd::exp2(x);
}

/// Natural log-sum-exp of a running maximum and a sum: one rounding of the size of the result.
template <score_unit Unit, class A>
HEED_INLINE simd::batch<A> natural_lse(simd::batch<A> m, simd::batch<A> l) noexcept {
  using batch = simd::batch<A>;
  const batch ln2(A(0.693147180559945309417232121458176568L));
  if constexpr (Unit == score_unit::natural)
    return fma(simd::log2(l), ln2, m);
  else
    return fma(m, ln2, mul(simd::log2(l), ln2));
}

/// A factor to twice the digits of A, so that a product with it is rounded once (where fma is).
template <class A> struct two_part_factor {
  A high, low;

  /// a * b, of which b is known to the digits of b + b_rest.
  static HEED_INLINE two_part_factor product(double a, double b, double b_rest) noexcept {
    const double high = heed::detail::product(a, b);
    const double low = heed::detail::fused(a, b_rest, heed::detail::fused(a, b, -high));
    if constexpr (std::is_same_v<A, double>)
      return {high, low};
    else {
      const A first = static_cast<A>(high);
      return {first, static_cast<A>(high - static_cast<double>(first))};
    }
  }
  HEED_INLINE simd::batch<A> times(simd::batch<A> x) const noexcept {
    return fma(x, simd::batch<A>(high), mul(x, simd::batch<A>(low)));
  }
};

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
