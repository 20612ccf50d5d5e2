// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Scalar arithmetic whose roundings are fixed by the source: a fused multiply-add where it is written, nowhere else.
#include <heed/concepts.hpp>

namespace heed::detail {

/// The optimiser can't see through this, so a product that went through it is not contracted into an fma. (GCC
/// contracts by default, Clang within an expression.)
template <class A> HEED_INLINE A opaque(A x) noexcept {
#if defined(__SSE2__)
  asm("" : "+x"(x));
#elif defined(__aarch64__)
  asm("" : "+w"(x));
#else
  asm("" : "+m"(x));
#endif
  return x;
}
/// a * b, rounded once.
HEED_INLINE float product(float a, float b) noexcept { return opaque(a * b); }
HEED_INLINE double product(double a, double b) noexcept { return opaque(a * b); }
/// a * b + c, rounded once.
HEED_INLINE float fused(float a, float b, float c) noexcept { return __builtin_fmaf(a, b, c); }
HEED_INLINE double fused(double a, double b, double c) noexcept { return __builtin_fma(a, b, c); }

HEED_INLINE bool is_finite(double x) noexcept { return __builtin_isfinite(x); }

} // namespace heed::detail
