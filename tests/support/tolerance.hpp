// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The error bounds of heed, once: no test carries a tolerance of its own.
#include <heed/view/element.hpp>

#include <cmath>
#include <limits>

namespace heed::test {

/// Spacing of the numbers just above 1: 2^-23 for float, 2^-52 for double.
template <class Accum> inline constexpr double epsilon = static_cast<double>(std::numeric_limits<Accum>::epsilon());

/// Probabilities are rounded to bf16 before they meet the values (units that multiply only bf16).
enum class probabilities : unsigned char { as_accumulated, as_bf16 };

/// Half the distance between the storable numbers around x; 0 for float and double, whose rounding is in the bound.
template <class Out> inline double half_ulp(double x) noexcept {
  if constexpr (std::is_same_v<Out, bf16> || std::is_same_v<Out, f16>) {
    constexpr int fraction_bits = std::is_same_v<Out, bf16> ? 7 : 10,
                  least_exponent = std::is_same_v<Out, bf16> ? -126 : -14;
    int exponent = 0;
    std::frexp(x, &exponent); // x = m 2^exponent, m in [1/2, 1)
    exponent = exponent - 1 < least_exponent || x == 0 ? least_exponent : exponent - 1;
    return std::ldexp(0.5, exponent - fraction_bits);
  } else {
    return 0;
  }
}

/// What one row needs: n visible keys, D the key dim, S (reference::result::score_magnitude).
struct row_facts {
  double visible, key_dim, score_magnitude;
};
/// The oracle computes in double: a double's distance to it is the sum of two errors, each within the bound.
template <class Accum> inline constexpr double errors_seen = sizeof(Accum) == sizeof(double) ? 2 : 1;

/// |lse - lse64| <= (4 + sqrt(n) + sqrt(D) S) eps
template <class Accum> inline double lse_bound(row_facts r) noexcept {
  return (4 + std::sqrt(r.visible) + std::sqrt(r.key_dim) * r.score_magnitude) * epsilon<Accum> * errors_seen<Accum>;
}

/// |o - o64| <= (8 + sqrt(n) + sqrt(D) S) eps M + 2^-126, half an ulp of a 16-bit output more, and 2^-8 M more where
/// probabilities are rounded to bf16.
template <class Accum, class Out>
inline double output_bound(row_facts r, double magnitude, double o64,
                           probabilities p = probabilities::as_accumulated) noexcept {
  const double relative =
      (8 + std::sqrt(r.visible) + std::sqrt(r.key_dim) * r.score_magnitude) * epsilon<Accum> * errors_seen<Accum>;
  const double arithmetic = relative * magnitude + (p == probabilities::as_bf16 ? std::ldexp(magnitude, -8) : 0.) +
                            static_cast<double>(std::numeric_limits<float>::min());
  return arithmetic + half_ulp<Out>(std::fabs(o64) + arithmetic);
}

/// A probability exp(s - lse): sqrt(D) S eps of its score, the bound of the lse, and 8 eps of the exponential. Its
/// share in the error of a sum over rows, of which sum_bound adds up blocks of at most 256 and then blocks.
template <class Accum> inline double row_share(row_facts r, double p) noexcept {
  return (8 * epsilon<Accum> + std::sqrt(r.key_dim) * r.score_magnitude * epsilon<Accum> + lse_bound<Accum>(r)) * p;
}
template <class Accum> inline double sum_bound(double rows, double shares, double sum64) noexcept {
  const double blocks = std::ceil(rows / 256);
  return shares + (std::fmin(rows, 256) + blocks) * epsilon<Accum> / 2 * sum64 +
         rows * static_cast<double>(std::numeric_limits<float>::min());
}

/// The largest error divided by its bound that was seen; a NaN where none is wanted counts as infinitely far outside.
struct margin {
  double worst = 0;
  /// Returns whether the error is inside the bound.
  bool add(double got, double want, double bound) noexcept {
    const bool same = got == want || (std::isnan(got) && std::isnan(want));
    const double share = same ? 0. : std::fabs(got - want) / bound;
    const double seen = std::isnan(share) ? std::numeric_limits<double>::infinity() : share;
    if (seen > worst) worst = seen;
    return seen <= 1;
  }
};

} // namespace heed::test
