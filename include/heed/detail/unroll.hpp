// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Loops that are unrolled at every optimisation level: GCC 12 leaves constant-trip loops over register arrays rolled at
// -O2, and the arrays then live in memory.
#include <heed/concepts.hpp>

#include <utility>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

template <int I> struct constant {
  static constexpr int value = I;
  HEED_INLINE constexpr operator int() const noexcept { return I; }
};

template <class F, int... I> HEED_INLINE void unroll_over(F&& f, std::integer_sequence<int, I...>) noexcept {
  (f(constant<I>{}), ...);
}
/// Calls f(constant<0>{}) ... f(constant<N - 1>{}). f's call operator must be always inlined.
template <int N, class F> HEED_INLINE void unroll(F&& f) noexcept {
  unroll_over(f, std::make_integer_sequence<int, N>{});
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
