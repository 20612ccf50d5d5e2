// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The operations of simd/batch.hpp on plain numbers, one lane: for machines without a vector part of their own, and
// for tests.
#include <heed/view/element.hpp>

#include <bit>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

template <class A> struct lane_ops {
  using reg = A;
  using mask = bool;
  using word = std::conditional_t<sizeof(A) == 4, std::uint32_t, std::uint64_t>;
  static constexpr index_t lanes = 1;
#if defined(HEED_ISA_SCALAR_FMA)
  static constexpr bool fuses = true;
#else
  static constexpr bool fuses = false;
#endif
  static constexpr bool scales = false;

  static HEED_INLINE reg broadcast(A x) noexcept { return x; }
  static HEED_INLINE reg load(const A* p) noexcept {
    A x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
  }
  static HEED_INLINE void store(A* p, reg x) noexcept { __builtin_memcpy(p, &x, sizeof x); }
  static HEED_INLINE reg load_first(const A* p, index_t n) noexcept { return n > 0 ? load(p) : A(0); }
  static HEED_INLINE void store_first(A* p, reg x, index_t n) noexcept {
    if (n > 0) store(p, x);
  }
  template <class T> static HEED_INLINE reg broadcast16(const T* p) noexcept { return element_traits<T>::widen(*p); }
  template <class T> static HEED_INLINE reg widen16(const T* p) noexcept {
    T x;
    __builtin_memcpy(&x, p, sizeof x);
    return element_traits<T>::widen(x);
  }
  template <class T> static HEED_INLINE reg widen16_first(const T* p, index_t n) noexcept {
    return n > 0 ? widen16(p) : A(0);
  }
  template <class T> static HEED_INLINE void narrow16(T* p, reg x) noexcept {
    const T narrowed = element_traits<T>::narrow(x);
    __builtin_memcpy(p, &narrowed, sizeof narrowed);
  }
  template <class T> static HEED_INLINE void narrow16_first(T* p, reg x, index_t n) noexcept {
    if (n > 0) narrow16(p, x);
  }

  static HEED_INLINE reg add(reg a, reg b) noexcept { return a + b; }
  static HEED_INLINE reg sub(reg a, reg b) noexcept { return a - b; }
  static HEED_INLINE reg div(reg a, reg b) noexcept { return a / b; }
  static HEED_INLINE reg mul(reg a, reg b) noexcept {
    reg p = a * b;
    // Where there is an fma, the compiler would contract this product with a later sum.
#if defined(__x86_64__)
#if defined(HEED_ISA_SCALAR_FMA)
    asm("" : "+x"(p));
#endif
#elif defined(__aarch64__)
    asm("" : "+w"(p));
#else
    asm("" : "+m"(p));
#endif
    return p;
  }
  static HEED_INLINE reg fma(reg a, reg b, reg c) noexcept {
    if constexpr (!fuses)
      return add(mul(a, b), c);
    else if constexpr (sizeof(A) == 4)
      return __builtin_fmaf(a, b, c);
    else
      return __builtin_fma(a, b, c);
  }
  static HEED_INLINE reg fma_where(mask m, reg a, reg b, reg c) noexcept { return m ? fma(a, b, c) : c; }
  static HEED_INLINE reg max(reg a, reg b) noexcept { return a > b ? a : b; }
  static HEED_INLINE reg min(reg a, reg b) noexcept { return a < b ? a : b; }

  static HEED_INLINE mask less(reg a, reg b) noexcept { return a < b; }
  static HEED_INLINE mask less_equal(reg a, reg b) noexcept { return a <= b; }
  static HEED_INLINE mask equal(reg a, reg b) noexcept { return a == b; }
  static HEED_INLINE mask is_nan(reg a) noexcept { return a != a; }
  static HEED_INLINE reg select(mask m, reg a, reg b) noexcept { return m ? a : b; }

  static HEED_INLINE mask from_bits(std::uint64_t bits) noexcept { return (bits & 1) != 0; }
  static HEED_INLINE std::uint64_t bits(mask m) noexcept { return m ? 1 : 0; }
  static HEED_INLINE mask first_lanes(index_t n) noexcept { return n > 0; }
  static HEED_INLINE mask mask_and(mask a, mask b) noexcept { return a && b; }
  static HEED_INLINE mask mask_or(mask a, mask b) noexcept { return a || b; }
  static HEED_INLINE mask mask_xor(mask a, mask b) noexcept { return a != b; }
  static HEED_INLINE mask mask_not(mask a) noexcept { return !a; }

  static HEED_INLINE word to_word(reg a) noexcept { return __builtin_bit_cast(word, a); }
  static HEED_INLINE reg to_reg(word a) noexcept { return __builtin_bit_cast(reg, a); }
  static HEED_INLINE reg bit_and(reg a, reg b) noexcept { return to_reg(to_word(a) & to_word(b)); }
  static HEED_INLINE reg bit_or(reg a, reg b) noexcept { return to_reg(to_word(a) | to_word(b)); }
  static HEED_INLINE reg bit_xor(reg a, reg b) noexcept { return to_reg(to_word(a) ^ to_word(b)); }
  static HEED_INLINE reg bits_add(reg a, reg b) noexcept { return to_reg(to_word(a) + to_word(b)); }
  template <int N> static HEED_INLINE reg bits_shl(reg a) noexcept { return to_reg(to_word(a) << N); }
  template <int N> static HEED_INLINE reg bits_shr(reg a) noexcept { return to_reg(to_word(a) >> N); }
  static HEED_INLINE reg difference(const std::int32_t* a, std::int32_t b) noexcept { return static_cast<A>(*a - b); }
  static HEED_INLINE reg difference(std::int32_t a, const std::int32_t* b) noexcept { return static_cast<A>(a - *b); }

  static HEED_INLINE reg hsum_each(const reg (&x)[1]) noexcept { return x[0]; }
  static HEED_INLINE void transpose(reg (&)[1]) noexcept {}
};

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
