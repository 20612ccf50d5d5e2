// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// RoPE again, in long double and pair by pair: what the tests of rope compare with.
#include <heed/rope/rope.hpp>
#include <heed/view/tensor_view.hpp>

#include "support/random.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace heed::test {

/// One row, turned by the definition; the frequency of pair l is computed here, without rope::frequency.
inline std::vector<long double> turned_row(const std::vector<long double>& x, index_t dims, rope_layout layout,
                                           long double theta, index_t position, long double magnitude = 1) {
  std::vector<long double> y = x;
  for (index_t l = 0; l < dims / 2; ++l) {
    const long double angle = static_cast<long double>(position) *
                              std::pow(theta, -2.L * static_cast<long double>(l) / static_cast<long double>(dims));
    const long double c = magnitude * std::cos(angle), s = magnitude * std::sin(angle);
    const auto a = static_cast<std::size_t>(layout == rope_layout::half ? l : 2 * l);
    const auto b = static_cast<std::size_t>(layout == rope_layout::half ? l + dims / 2 : 2 * l + 1);
    y[a] = x[a] * c - x[b] * s;
    y[b] = x[b] * c + x[a] * s;
  }
  return y;
}

/// Half the distance of numbers of type T in [1, 2): the error of rounding a result of size up to 1.
template <class T> inline constexpr double half_ulp_of_one = 0;
template <> inline constexpr double half_ulp_of_one<float> = 0x1p-24;
template <> inline constexpr double half_ulp_of_one<double> = 0x1p-53;
template <> inline constexpr double half_ulp_of_one<bf16> = 0x1p-8;
template <> inline constexpr double half_ulp_of_one<f16> = 0x1p-11;

/// Error of a turned pair (|x|, |y| <= 1) against the definition: the angle to 1e-9 (long double has the reference
/// right to far less), cosine, sine and two products rounded in the accumulation type, and the result of size up to 2
/// in T.
template <class T> inline double rotation_bound(double magnitude = 1) {
  return magnitude * (2e-9 + 8 * half_ulp_of_one<accum_t<T>> + 2 * half_ulp_of_one<T>);
}

template <class T, class U> bool same_bits(const std::vector<T>& a, const std::vector<U>& b) {
  static_assert(std::is_same_v<T, U>);
  return a.size() == b.size() && (a.empty() || __builtin_memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

} // namespace heed::test
