// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A register of numbers with the operations that the kernels need, the same on every instruction set.
// The parts named after an instruction set hold the machine's side of it; they and no other file include xsimd or
// intrinsics.
#include <heed/config.hpp>
#include <heed/detail/unroll.hpp>
#include <heed/view/element.hpp>

#if defined(HEED_ISA_AVX512)
#include <heed/simd/batch_avx512.hpp>
#elif defined(HEED_ISA_AVX2)
#include <heed/simd/batch_avx2.hpp>
#elif defined(HEED_ISA_SSE2)
#include <heed/simd/batch_sse2.hpp>
#elif defined(HEED_ISA_NEON)
#include <heed/simd/batch_neon.hpp>
#else
#include <heed/simd/batch_scalar.hpp>
#endif

namespace heed {
inline namespace HEED_ISA {
namespace simd {

/// One truth value per lane of a batch<A>.
template <class A> struct batch_mask {
  using ops = lane_ops<A>;
  static constexpr index_t lanes = ops::lanes;
  typename ops::mask m;

  batch_mask() noexcept = default; // uninitialised
  HEED_INLINE explicit batch_mask(typename ops::mask x) noexcept : m(x) {}
  /// Lane i is bit i; bits from `lanes` on are ignored.
  static HEED_INLINE batch_mask from_bits(std::uint64_t bits) noexcept { return batch_mask(ops::from_bits(bits)); }
  /// Lanes [0, n) are true. Requires 0 <= n <= lanes.
  static HEED_INLINE batch_mask first_lanes(index_t n) noexcept {
    HEED_EXPECTS(0 <= n && n <= lanes);
    return batch_mask(ops::first_lanes(n));
  }
  [[nodiscard]] HEED_INLINE std::uint64_t bits() const noexcept { return ops::bits(m); }
  [[nodiscard]] HEED_INLINE bool any() const noexcept { return bits() != 0; }
  [[nodiscard]] HEED_INLINE bool all() const noexcept { return bits() == (std::uint64_t{1} << lanes) - 1; }

  friend HEED_INLINE batch_mask operator&(batch_mask a, batch_mask b) noexcept {
    return batch_mask(ops::mask_and(a.m, b.m));
  }
  friend HEED_INLINE batch_mask operator|(batch_mask a, batch_mask b) noexcept {
    return batch_mask(ops::mask_or(a.m, b.m));
  }
  friend HEED_INLINE batch_mask operator^(batch_mask a, batch_mask b) noexcept {
    return batch_mask(ops::mask_xor(a.m, b.m));
  }
  friend HEED_INLINE batch_mask operator~(batch_mask a) noexcept { return batch_mask(ops::mask_not(a.m)); }
};

/// A register of `lanes` numbers, A = float or double.
///
/// Shapes         lanes: 16 / 8 (float / double) on AVX-512, 8 / 4 on AVX2, 4 / 2 on SSE2 and NEON, 1 scalar
/// Requires       pointers need the alignment of their elements only; *_first: 0 <= n <= lanes, and memory from n on is
///                not touched. Rounding mode: to nearest
/// Determinism    each operation rounds as written: no product is contracted into an fma, no sum reordered, under any
///                optimiser flags that config.hpp admits
template <class A> struct batch {
  using ops = lane_ops<A>;
  using value_type = A;
  using mask = batch_mask<A>;
  static constexpr index_t lanes = ops::lanes;
  /// fma rounds once. If not, it rounds the product and the sum (SSE2, and scalar code for machines without fma).
  static constexpr bool fuses = ops::fuses;
  typename ops::reg r;

  batch() noexcept = default; // uninitialised
  HEED_INLINE explicit batch(A x) noexcept : r(ops::broadcast(x)) {}
  HEED_INLINE explicit batch(typename ops::reg x) noexcept requires(!std::is_same_v<typename ops::reg, A>) : r(x) {}

  static HEED_INLINE batch load(const A* p) noexcept { return batch(ops::load(p)); }
  HEED_INLINE void store(A* p) const noexcept { ops::store(p, r); }
  /// Lanes from n on are zero.
  static HEED_INLINE batch load_first(const A* p, index_t n) noexcept {
    HEED_EXPECTS(0 <= n && n <= lanes);
    return batch(ops::load_first(p, n));
  }
  HEED_INLINE void store_first(A* p, index_t n) const noexcept {
    HEED_EXPECTS(0 <= n && n <= lanes);
    ops::store_first(p, r, n);
  }

  /// *p, widened, in every lane.
  template <class T> static HEED_INLINE batch broadcast(const T* p) noexcept {
    static_assert(std::is_same_v<accum_t<T>, A>);
    T x; // a row may lie in plain bytes
    __builtin_memcpy(&x, p, sizeof x);
    if constexpr (sixteen_bits<T>)
      return batch(ops::broadcast16(&x));
    else
      return batch(element_traits<T>::widen(x));
  }
  /// Loads `lanes` elements: lane i = widen(p[i]). A signalling NaN may become quiet.
  /// Determinism    does not depend on FTZ and DAZ: subnormal elements keep their value
  template <class T> static HEED_INLINE batch widen(const T* p) noexcept {
    static_assert(std::is_same_v<accum_t<T>, A>);
    if constexpr (std::is_same_v<T, A>)
      return load(p);
    else if constexpr (sixteen_bits<T>)
      return batch(ops::widen16(p));
    else
      return widen_each(p, lanes);
  }
  template <class T> static HEED_INLINE batch widen_first(const T* p, index_t n) noexcept {
    static_assert(std::is_same_v<accum_t<T>, A>);
    HEED_EXPECTS(0 <= n && n <= lanes);
    if constexpr (std::is_same_v<T, A>)
      return load_first(p, n);
    else if constexpr (sixteen_bits<T>)
      return batch(ops::widen16_first(p, n));
    else
      return widen_each(p, n);
  }
  /// Stores `lanes` elements: p[i] = narrow<T>(lane i), to nearest, ties to even. Bits equal element_traits<T>::narrow,
  /// except for the payload of a NaN.
  /// Determinism    does not depend on FTZ and DAZ
  template <class T> HEED_INLINE void narrow_to(T* p) const noexcept {
    static_assert(std::is_same_v<accum_t<T>, A>);
    if constexpr (std::is_same_v<T, A>)
      store(p);
    else if constexpr (sixteen_bits<T>)
      ops::narrow16(p, r);
    else
      narrow_each(p, lanes);
  }
  template <class T> HEED_INLINE void narrow_first(T* p, index_t n) const noexcept {
    static_assert(std::is_same_v<accum_t<T>, A>);
    HEED_EXPECTS(0 <= n && n <= lanes);
    if constexpr (std::is_same_v<T, A>)
      store_first(p, n);
    else if constexpr (sixteen_bits<T>)
      ops::narrow16_first(p, r, n);
    else
      narrow_each(p, n);
  }

  /// Lane i = f(i).
  template <class F> static HEED_INLINE batch generate(F f) noexcept {
    A x[lanes];
    for (index_t i = 0; i < lanes; ++i) x[i] = f(i);
    return load(x);
  }
  /// Lane i = A(a[i] - b). Requires that the differences fit 32 bits. Rounds to nearest where A is float.
  static HEED_INLINE batch difference(const std::int32_t* a, std::int32_t b) noexcept {
    return batch(ops::difference(a, b));
  }
  /// Lane i = A(a - b[i]).
  static HEED_INLINE batch difference(std::int32_t a, const std::int32_t* b) noexcept {
    return batch(ops::difference(a, b));
  }
  static HEED_INLINE batch from_int32(const std::int32_t* p) noexcept { return difference(p, 0); }

  /// Goes through memory: for tests and rare paths.
  HEED_INLINE A operator[](index_t i) const noexcept {
    A x[lanes];
    store(x);
    return x[i];
  }

  friend HEED_INLINE batch operator+(batch a, batch b) noexcept { return batch(ops::add(a.r, b.r)); }
  friend HEED_INLINE batch operator-(batch a, batch b) noexcept { return batch(ops::sub(a.r, b.r)); }
  /// Never contracted with a sum.
  friend HEED_INLINE batch operator*(batch a, batch b) noexcept { return batch(ops::mul(a.r, b.r)); }
  friend HEED_INLINE batch operator/(batch a, batch b) noexcept { return batch(ops::div(a.r, b.r)); }
  friend HEED_INLINE batch operator-(batch a) noexcept { return batch(ops::bit_xor(a.r, ops::broadcast(A(-0.0)))); }
  friend HEED_INLINE mask operator<(batch a, batch b) noexcept { return mask(ops::less(a.r, b.r)); }
  friend HEED_INLINE mask operator<=(batch a, batch b) noexcept { return mask(ops::less_equal(a.r, b.r)); }
  friend HEED_INLINE mask operator>(batch a, batch b) noexcept { return mask(ops::less(b.r, a.r)); }
  friend HEED_INLINE mask operator>=(batch a, batch b) noexcept { return mask(ops::less_equal(b.r, a.r)); }
  friend HEED_INLINE mask operator==(batch a, batch b) noexcept { return mask(ops::equal(a.r, b.r)); }

private:
  template <class T>
  static constexpr bool sixteen_bits = std::is_same_v<A, float> && (std::is_same_v<T, bf16> || std::is_same_v<T, f16>);
  template <class T> static HEED_INLINE batch widen_each(const T* p, index_t n) noexcept {
    A x[lanes]{};
    for (index_t i = 0; i < n; ++i) x[i] = element_traits<T>::widen(p[i]);
    return load(x);
  }
  template <class T> HEED_INLINE void narrow_each(T* p, index_t n) const noexcept {
    A x[lanes];
    store(x);
    for (index_t i = 0; i < n; ++i) p[i] = element_traits<T>::narrow(x[i]);
  }
};

template <class A> HEED_INLINE batch<A> mul(batch<A> a, batch<A> b) noexcept { return a * b; }
template <class A> HEED_INLINE batch<A> neg(batch<A> a) noexcept { return -a; }
/// a * b + c; one rounding where batch<A>::fuses.
template <class A> HEED_INLINE batch<A> fma(batch<A> a, batch<A> b, batch<A> c) noexcept {
  return batch<A>(lane_ops<A>::fma(a.r, b.r, c.r));
}
/// m ? fma(a, b, c) : c, lane by lane. What a and b hold in the other lanes, NaN included, does not matter.
template <class A> HEED_INLINE batch<A> fma_where(batch_mask<A> m, batch<A> a, batch<A> b, batch<A> c) noexcept {
  return batch<A>(lane_ops<A>::fma_where(m.m, a.r, b.r, c.r));
}
/// a > b ? a : b, so b where either is NaN.
template <class A> HEED_INLINE batch<A> max(batch<A> a, batch<A> b) noexcept {
  return batch<A>(lane_ops<A>::max(a.r, b.r));
}
/// a < b ? a : b, so b where either is NaN.
template <class A> HEED_INLINE batch<A> min(batch<A> a, batch<A> b) noexcept {
  return batch<A>(lane_ops<A>::min(a.r, b.r));
}
template <class A> HEED_INLINE batch<A> abs(batch<A> a) noexcept {
  using ops = lane_ops<A>;
  const auto sign = ops::broadcast(A(-0.0));
  return batch<A>(ops::bit_xor(a.r, ops::bit_and(a.r, sign)));
}
/// m ? a : b, lane by lane, bits unchanged.
template <class A> HEED_INLINE batch<A> select(batch_mask<A> m, batch<A> a, batch<A> b) noexcept {
  return batch<A>(lane_ops<A>::select(m.m, a.r, b.r));
}
template <class A> HEED_INLINE batch_mask<A> is_nan(batch<A> a) noexcept {
  return batch_mask<A>(lane_ops<A>::is_nan(a.r));
}

/// Sum of all lanes by halving: lane i + lane i + lanes/2, then lanes/4, down to lane 0 + lane 1.
template <class A> HEED_INLINE A hsum(batch<A> a) noexcept {
  using ops = lane_ops<A>;
  if constexpr (ops::lanes > 8) a.r = ops::add(a.r, ops::template down<8>(a.r));
  if constexpr (ops::lanes > 4) a.r = ops::add(a.r, ops::template down<4>(a.r));
  if constexpr (ops::lanes > 2) a.r = ops::add(a.r, ops::template down<2>(a.r));
  if constexpr (ops::lanes > 1) a.r = ops::add(a.r, ops::template down<1>(a.r));
  return a[0];
}
/// Greatest lane, by the same tree. A NaN may or may not get through: test for it with is_nan.
template <class A> HEED_INLINE A hmax(batch<A> a) noexcept {
  using ops = lane_ops<A>;
  if constexpr (ops::lanes > 8) a.r = ops::max(a.r, ops::template down<8>(a.r));
  if constexpr (ops::lanes > 4) a.r = ops::max(a.r, ops::template down<4>(a.r));
  if constexpr (ops::lanes > 2) a.r = ops::max(a.r, ops::template down<2>(a.r));
  if constexpr (ops::lanes > 1) a.r = ops::max(a.r, ops::template down<1>(a.r));
  return a[0];
}
/// Lane i = hsum(x[i]), the same bits, for batch<A>::lanes batches at x.
/// Cost      lanes - 1 sums and twice as many shuffles
template <class A> HEED_INLINE batch<A> hsum_each(const batch<A>* x) noexcept {
  typename lane_ops<A>::reg y[lane_ops<A>::lanes];
  heed::detail::unroll<static_cast<int>(lane_ops<A>::lanes)>([&](auto i) HEED_BODY { y[i] = x[i].r; });
  return batch<A>(lane_ops<A>::hsum_each(y));
}
/// Lane j of x[i] and lane i of x[j] change places, for batch<A>::lanes batches at x.
template <class A> HEED_INLINE void transpose(batch<A>* x) noexcept {
  typename lane_ops<A>::reg y[lane_ops<A>::lanes];
  heed::detail::unroll<static_cast<int>(lane_ops<A>::lanes)>([&](auto i) HEED_BODY { y[i] = x[i].r; });
  lane_ops<A>::transpose(y);
  heed::detail::unroll<static_cast<int>(lane_ops<A>::lanes)>([&](auto i) HEED_BODY { x[i].r = y[i]; });
}

/// The same number, which the compiler must keep in a register: GCC 12 else folds one load into each of its uses, and a
/// 512-bit load costs as much as an fma (Zen 4: the products of decode took 24 cycles instead of 16).
template <class A> HEED_INLINE batch<A> in_register(batch<A> x) noexcept {
#if defined(HEED_ISA_AVX512)
  asm("" : "+v"(x.r));
#elif defined(HEED_ISA_AVX2) || defined(HEED_ISA_SSE2)
  asm("" : "+x"(x.r));
#elif defined(HEED_ISA_NEON)
  asm("" : "+w"(x.r));
#endif
  return x;
}

/// Asks for the cache line of p, to be read soon. Any address is legal.
HEED_INLINE void prefetch(const void* p) noexcept { __builtin_prefetch(p); }
/// The same into the second-level cache, for what is read later.
HEED_INLINE void prefetch_far(const void* p) noexcept { __builtin_prefetch(p, 0, 2); }

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
