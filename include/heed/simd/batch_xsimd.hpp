// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The operations of simd/batch.hpp that xsimd maps well, for any of its architectures.
// xsimd (8.1 and later) has no products that stay unfused, bit masks, loads of a part, conversions of 16-bit floats or
// reductions in a fixed order, and the spelling of its reinterpreting casts changed with the version: the parts named
// after an instruction set add these by intrinsics.
#include <heed/view/element.hpp>

#include <xsimd/xsimd.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

template <class A> struct lane_ops;

/// Registers go in and out bare: wrapped in xsimd::batch, arrays of them would be harder to keep in registers.
template <class A, class Arch> struct xsimd_ops {
  using vec = xsimd::batch<A, Arch>;
  using truth = xsimd::batch_bool<A, Arch>;
  using reg = typename vec::register_type;
  using mask = typename truth::register_type;
  static constexpr index_t lanes = static_cast<index_t>(vec::size);
  static constexpr bool scales = false;

  static HEED_INLINE reg broadcast(A x) noexcept { return vec(x); }
  static HEED_INLINE reg load(const A* p) noexcept { return vec::load_unaligned(p); }
  static HEED_INLINE void store(A* p, reg x) noexcept { vec(x).store_unaligned(p); }
  static HEED_INLINE reg load_first(const A* p, index_t n) noexcept {
    A x[lanes]{};
    for (index_t i = 0; i < n; ++i) x[i] = p[i];
    return load(x);
  }
  static HEED_INLINE void store_first(A* p, reg r, index_t n) noexcept {
    A x[lanes];
    store(x, r);
    for (index_t i = 0; i < n; ++i) p[i] = x[i];
  }
  template <class T> static HEED_INLINE reg broadcast16(const T* p) noexcept {
    return broadcast(element_traits<T>::widen(*p));
  }
  template <class T> static HEED_INLINE reg widen16_first(const T* p, index_t n) noexcept {
    T x[lanes]{};
    for (index_t i = 0; i < n; ++i) __builtin_memcpy(&x[i], p + i, sizeof(T));
    return lane_ops<A>::widen16(x);
  }
  template <class T> static HEED_INLINE void narrow16_first(T* p, reg r, index_t n) noexcept {
    T x[lanes];
    lane_ops<A>::narrow16(x, r);
    for (index_t i = 0; i < n; ++i) __builtin_memcpy(p + i, &x[i], sizeof(T));
  }

  static HEED_INLINE reg add(reg a, reg b) noexcept { return vec(a) + vec(b); }
  static HEED_INLINE reg sub(reg a, reg b) noexcept { return vec(a) - vec(b); }
  static HEED_INLINE reg div(reg a, reg b) noexcept { return vec(a) / vec(b); }
  static HEED_INLINE reg mul(reg a, reg b) noexcept {
    reg p = vec(a) * vec(b);
    // Where there is an fma, GCC would contract this product with a later sum.
#if defined(__FMA__) || defined(__FMA4__)
    asm("" : "+x"(p));
#elif defined(__aarch64__)
    asm("" : "+w"(p));
#endif
    return p;
  }
  static HEED_INLINE reg fma_where(mask m, reg a, reg b, reg c) noexcept {
    return select(m, lane_ops<A>::fma(a, b, c), c);
  }

  static HEED_INLINE mask less(reg a, reg b) noexcept { return vec(a) < vec(b); }
  static HEED_INLINE mask less_equal(reg a, reg b) noexcept { return vec(a) <= vec(b); }
  static HEED_INLINE mask equal(reg a, reg b) noexcept { return vec(a) == vec(b); }
  static HEED_INLINE mask is_nan(reg a) noexcept { return xsimd::isnan(vec(a)); }
  static HEED_INLINE reg select(mask m, reg a, reg b) noexcept { return xsimd::select(truth(m), vec(a), vec(b)); }

  static HEED_INLINE mask first_lanes(index_t n) noexcept {
    return lane_ops<A>::from_bits((std::uint64_t{1} << n) - 1);
  }
  static HEED_INLINE mask mask_and(mask a, mask b) noexcept { return truth(a) & truth(b); }
  static HEED_INLINE mask mask_or(mask a, mask b) noexcept { return truth(a) | truth(b); }
  static HEED_INLINE mask mask_xor(mask a, mask b) noexcept { return truth(a) ^ truth(b); }
  static HEED_INLINE mask mask_not(mask a) noexcept { return ~truth(a); }

  static HEED_INLINE reg bit_and(reg a, reg b) noexcept { return vec(a) & vec(b); }
  static HEED_INLINE reg bit_or(reg a, reg b) noexcept { return vec(a) | vec(b); }
  static HEED_INLINE reg bit_xor(reg a, reg b) noexcept { return vec(a) ^ vec(b); }
};

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
