// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The operations of simd/batch.hpp on AVX-512 (F, BW, DQ, VL).
// Intrinsics throughout: xsimd 8.1 has no fma, masks, scalef, conversions of 16-bit floats or reductions here, and its
// include costs three times that of the intrinsics alone (GCC 12, Zen 4: 1.0 s against 0.36 s).
#include <heed/config.hpp>

#if defined(HEED_ISA_AVX512) // so that every header compiles alone
#include <heed/detail/unroll.hpp>
#include <heed/view/element.hpp>

// GCC 12 takes the header's own _mm512_undefined_* for use of uninitialised variables. The wrappers below are silenced
// with it, because whoever includes the header before heed does so without our pragma; they declare nothing else.
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

template <class A> struct lane_ops;

template <> struct lane_ops<float> {
  using reg = __m512;
  using mask = __mmask16;
  static constexpr index_t lanes = 16;
  static constexpr bool fuses = true;
  static constexpr bool scales = true;

  static HEED_INLINE reg broadcast(float x) noexcept { return _mm512_set1_ps(x); }
  static HEED_INLINE reg load(const float* p) noexcept { return _mm512_loadu_ps(p); }
  static HEED_INLINE void store(float* p, reg x) noexcept { _mm512_storeu_ps(p, x); }
  static HEED_INLINE reg load_first(const float* p, index_t n) noexcept {
    return _mm512_maskz_loadu_ps(first_lanes(n), p);
  }
  static HEED_INLINE void store_first(float* p, reg x, index_t n) noexcept {
    _mm512_mask_storeu_ps(p, first_lanes(n), x);
  }

  // Sixteen bits per lane. The half conversions ignore FTZ and DAZ; vcvtneps2bf16 would not, so bf16 rounds in
  // integers.
  static HEED_INLINE reg from_bits16(__m256i bits, bf16) noexcept {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
  static HEED_INLINE reg from_bits16(__m256i bits, f16) noexcept { return _mm512_cvtph_ps(bits); }
  static HEED_INLINE __m256i to_bits16(reg x, bf16) noexcept {
    const __m512i u = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(u, _mm512_set1_epi32(0x7fff)), odd);
    const __m512i quiet = _mm512_or_si512(u, _mm512_set1_epi32(0x400000));
    const __m512i either = _mm512_mask_mov_epi32(rounded, is_nan(x), quiet);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(either, 16));
  }
  static HEED_INLINE __m256i to_bits16(reg x, f16) noexcept {
    return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  template <class T> static HEED_INLINE reg broadcast16(const T* p) noexcept {
    return from_bits16(_mm256_set1_epi16(static_cast<short>(p->bits)), T{});
  }
  template <class T> static HEED_INLINE reg widen16(const T* p) noexcept {
    return from_bits16(_mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p)), T{});
  }
  template <class T> static HEED_INLINE reg widen16_first(const T* p, index_t n) noexcept {
    return from_bits16(_mm256_maskz_loadu_epi16(first_lanes(n), p), T{});
  }
  template <class T> static HEED_INLINE void narrow16(T* p, reg x) noexcept {
    _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(p), to_bits16(x, T{}));
  }
  template <class T> static HEED_INLINE void narrow16_first(T* p, reg x, index_t n) noexcept {
    _mm256_mask_storeu_epi16(p, first_lanes(n), to_bits16(x, T{}));
  }

  static HEED_INLINE reg add(reg a, reg b) noexcept { return _mm512_add_ps(a, b); }
  static HEED_INLINE reg sub(reg a, reg b) noexcept { return _mm512_sub_ps(a, b); }
  static HEED_INLINE reg div(reg a, reg b) noexcept { return _mm512_div_ps(a, b); }
  static HEED_INLINE reg mul(reg a, reg b) noexcept {
    reg p = _mm512_mul_ps(a, b);
    asm("" : "+v"(p)); // GCC would contract this product with a later sum
    return p;
  }
  static HEED_INLINE reg fma(reg a, reg b, reg c) noexcept { return _mm512_fmadd_ps(a, b, c); }
  static HEED_INLINE reg fma_where(mask m, reg a, reg b, reg c) noexcept { return _mm512_mask3_fmadd_ps(a, b, c, m); }
  static HEED_INLINE reg max(reg a, reg b) noexcept { return _mm512_max_ps(a, b); }
  static HEED_INLINE reg min(reg a, reg b) noexcept { return _mm512_min_ps(a, b); }
  static HEED_INLINE reg round(reg a) noexcept {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static HEED_INLINE reg times_pow2_where(mask m, reg a, reg n) noexcept { return _mm512_maskz_scalef_ps(m, a, n); }

  static HEED_INLINE mask less(reg a, reg b) noexcept { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static HEED_INLINE mask less_equal(reg a, reg b) noexcept { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
  static HEED_INLINE mask not_less(reg a, reg b) noexcept { return _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ); }
  static HEED_INLINE mask equal(reg a, reg b) noexcept { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
  static HEED_INLINE mask is_nan(reg a) noexcept { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
  static HEED_INLINE reg select(mask m, reg a, reg b) noexcept { return _mm512_mask_blend_ps(m, b, a); }

  static HEED_INLINE mask from_bits(std::uint64_t bits) noexcept { return static_cast<mask>(bits); }
  static HEED_INLINE std::uint64_t bits(mask m) noexcept { return m; }
  static HEED_INLINE mask first_lanes(index_t n) noexcept { return static_cast<mask>((1u << n) - 1u); }
  static HEED_INLINE mask mask_and(mask a, mask b) noexcept { return static_cast<mask>(a & b); }
  static HEED_INLINE mask mask_or(mask a, mask b) noexcept { return static_cast<mask>(a | b); }
  static HEED_INLINE mask mask_xor(mask a, mask b) noexcept { return static_cast<mask>(a ^ b); }
  static HEED_INLINE mask mask_not(mask a) noexcept { return static_cast<mask>(~a); }

  static HEED_INLINE reg bit_and(reg a, reg b) noexcept { return _mm512_and_ps(a, b); }
  static HEED_INLINE reg bit_or(reg a, reg b) noexcept { return _mm512_or_ps(a, b); }
  static HEED_INLINE reg bit_xor(reg a, reg b) noexcept { return _mm512_xor_ps(a, b); }
  static HEED_INLINE reg bits_add(reg a, reg b) noexcept {
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
  }
  template <int N> static HEED_INLINE reg bits_shl(reg a) noexcept {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(a), N));
  }
  template <int N> static HEED_INLINE reg bits_shr(reg a) noexcept {
    return _mm512_castsi512_ps(_mm512_srli_epi32(_mm512_castps_si512(a), N));
  }
  static HEED_INLINE reg difference(const std::int32_t* a, std::int32_t b) noexcept {
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_loadu_si512(a), _mm512_set1_epi32(b)));
  }
  static HEED_INLINE reg difference(std::int32_t a, const std::int32_t* b) noexcept {
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_set1_epi32(a), _mm512_loadu_si512(b)));
  }

  /// Lane i takes lane i + N for i < N; what the other lanes hold is of no concern.
  template <int N> static HEED_INLINE reg down(reg a) noexcept {
    if constexpr (N == 8) return _mm512_shuffle_f32x4(a, a, 0xee);
    if constexpr (N == 4) return _mm512_shuffle_f32x4(a, a, 0x01);
    if constexpr (N == 2) return _mm512_permute_ps(a, 0x0e);
    if constexpr (N == 1) return _mm512_permute_ps(a, 0x01);
  }
  static HEED_INLINE reg hsum_each(const reg (&x)[16]) noexcept {
    reg q[4]; // four lanes of each of x[m], x[m + 4], x[m + 8], x[m + 12]
    detail::unroll<4>([&](auto m) HEED_BODY {
      const reg t = add(_mm512_shuffle_f32x4(x[m], x[m + 4], 0x44), _mm512_shuffle_f32x4(x[m], x[m + 4], 0xee));
      const reg u =
          add(_mm512_shuffle_f32x4(x[m + 8], x[m + 12], 0x44), _mm512_shuffle_f32x4(x[m + 8], x[m + 12], 0xee));
      q[m] = add(_mm512_shuffle_f32x4(t, u, 0x88), _mm512_shuffle_f32x4(t, u, 0xdd));
    });
    const reg s = add(_mm512_shuffle_ps(q[0], q[1], 0x44), _mm512_shuffle_ps(q[0], q[1], 0xee));
    const reg t = add(_mm512_shuffle_ps(q[2], q[3], 0x44), _mm512_shuffle_ps(q[2], q[3], 0xee));
    return add(_mm512_shuffle_ps(s, t, 0x88), _mm512_shuffle_ps(s, t, 0xdd));
  }
  static HEED_INLINE void transpose(reg (&x)[16]) noexcept {
    reg y[16];
    detail::unroll<4>([&](auto n) HEED_BODY { // 4 x 4 inside each 128 bits
      constexpr int i = 4 * decltype(n)::value;
      const reg a = _mm512_unpacklo_ps(x[i], x[i + 1]), b = _mm512_unpackhi_ps(x[i], x[i + 1]);
      const reg c = _mm512_unpacklo_ps(x[i + 2], x[i + 3]), d = _mm512_unpackhi_ps(x[i + 2], x[i + 3]);
      y[i] = _mm512_shuffle_ps(a, c, 0x44);
      y[i + 1] = _mm512_shuffle_ps(a, c, 0xee);
      y[i + 2] = _mm512_shuffle_ps(b, d, 0x44);
      y[i + 3] = _mm512_shuffle_ps(b, d, 0xee);
    });
    detail::unroll<4>([&](auto i) HEED_BODY { // 4 x 4 of the 128-bit parts
      const reg a = _mm512_shuffle_f32x4(y[i], y[i + 4], 0x88), b = _mm512_shuffle_f32x4(y[i], y[i + 4], 0xdd);
      const reg c = _mm512_shuffle_f32x4(y[i + 8], y[i + 12], 0x88),
                d = _mm512_shuffle_f32x4(y[i + 8], y[i + 12], 0xdd);
      x[i] = _mm512_shuffle_f32x4(a, c, 0x88);
      x[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
      x[i + 8] = _mm512_shuffle_f32x4(a, c, 0xdd);
      x[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
    });
  }
};

template <> struct lane_ops<double> {
  using reg = __m512d;
  using mask = __mmask8;
  static constexpr index_t lanes = 8;
  static constexpr bool fuses = true;
  static constexpr bool scales = true;

  static HEED_INLINE reg broadcast(double x) noexcept { return _mm512_set1_pd(x); }
  static HEED_INLINE reg load(const double* p) noexcept { return _mm512_loadu_pd(p); }
  static HEED_INLINE void store(double* p, reg x) noexcept { _mm512_storeu_pd(p, x); }
  static HEED_INLINE reg load_first(const double* p, index_t n) noexcept {
    return _mm512_maskz_loadu_pd(first_lanes(n), p);
  }
  static HEED_INLINE void store_first(double* p, reg x, index_t n) noexcept {
    _mm512_mask_storeu_pd(p, first_lanes(n), x);
  }

  static HEED_INLINE reg add(reg a, reg b) noexcept { return _mm512_add_pd(a, b); }
  static HEED_INLINE reg sub(reg a, reg b) noexcept { return _mm512_sub_pd(a, b); }
  static HEED_INLINE reg div(reg a, reg b) noexcept { return _mm512_div_pd(a, b); }
  static HEED_INLINE reg mul(reg a, reg b) noexcept {
    reg p = _mm512_mul_pd(a, b);
    asm("" : "+v"(p));
    return p;
  }
  static HEED_INLINE reg fma(reg a, reg b, reg c) noexcept { return _mm512_fmadd_pd(a, b, c); }
  static HEED_INLINE reg fma_where(mask m, reg a, reg b, reg c) noexcept { return _mm512_mask3_fmadd_pd(a, b, c, m); }
  static HEED_INLINE reg max(reg a, reg b) noexcept { return _mm512_max_pd(a, b); }
  static HEED_INLINE reg min(reg a, reg b) noexcept { return _mm512_min_pd(a, b); }
  static HEED_INLINE reg round(reg a) noexcept {
    return _mm512_roundscale_pd(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static HEED_INLINE reg times_pow2_where(mask m, reg a, reg n) noexcept { return _mm512_maskz_scalef_pd(m, a, n); }

  static HEED_INLINE mask less(reg a, reg b) noexcept { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
  static HEED_INLINE mask less_equal(reg a, reg b) noexcept { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
  static HEED_INLINE mask not_less(reg a, reg b) noexcept { return _mm512_cmp_pd_mask(a, b, _CMP_NLT_UQ); }
  static HEED_INLINE mask equal(reg a, reg b) noexcept { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
  static HEED_INLINE mask is_nan(reg a) noexcept { return _mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q); }
  static HEED_INLINE reg select(mask m, reg a, reg b) noexcept { return _mm512_mask_blend_pd(m, b, a); }

  static HEED_INLINE mask from_bits(std::uint64_t bits) noexcept { return static_cast<mask>(bits); }
  static HEED_INLINE std::uint64_t bits(mask m) noexcept { return m; }
  static HEED_INLINE mask first_lanes(index_t n) noexcept { return static_cast<mask>((1u << n) - 1u); }
  static HEED_INLINE mask mask_and(mask a, mask b) noexcept { return static_cast<mask>(a & b); }
  static HEED_INLINE mask mask_or(mask a, mask b) noexcept { return static_cast<mask>(a | b); }
  static HEED_INLINE mask mask_xor(mask a, mask b) noexcept { return static_cast<mask>(a ^ b); }
  static HEED_INLINE mask mask_not(mask a) noexcept { return static_cast<mask>(~a); }

  static HEED_INLINE reg bit_and(reg a, reg b) noexcept { return _mm512_and_pd(a, b); }
  static HEED_INLINE reg bit_or(reg a, reg b) noexcept { return _mm512_or_pd(a, b); }
  static HEED_INLINE reg bit_xor(reg a, reg b) noexcept { return _mm512_xor_pd(a, b); }
  static HEED_INLINE reg bits_add(reg a, reg b) noexcept {
    return _mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(a), _mm512_castpd_si512(b)));
  }
  template <int N> static HEED_INLINE reg bits_shl(reg a) noexcept {
    return _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(a), N));
  }
  template <int N> static HEED_INLINE reg bits_shr(reg a) noexcept {
    return _mm512_castsi512_pd(_mm512_srli_epi64(_mm512_castpd_si512(a), N));
  }
  static HEED_INLINE reg difference(const std::int32_t* a, std::int32_t b) noexcept {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(a));
    return _mm512_cvtepi32_pd(_mm256_sub_epi32(x, _mm256_set1_epi32(b)));
  }
  static HEED_INLINE reg difference(std::int32_t a, const std::int32_t* b) noexcept {
    const __m256i y = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(b));
    return _mm512_cvtepi32_pd(_mm256_sub_epi32(_mm256_set1_epi32(a), y));
  }

  template <int N> static HEED_INLINE reg down(reg a) noexcept {
    if constexpr (N == 4) return _mm512_shuffle_f64x2(a, a, 0xee);
    if constexpr (N == 2) return _mm512_shuffle_f64x2(a, a, 0x01);
    if constexpr (N == 1) return _mm512_permute_pd(a, 0x55);
  }
  static HEED_INLINE reg hsum_each(const reg (&x)[8]) noexcept {
    reg q[2]; // two lanes of each of x[m], x[m + 2], x[m + 4], x[m + 6]
    heed::detail::unroll<2>([&](auto m) HEED_BODY {
      const reg t = add(_mm512_shuffle_f64x2(x[m], x[m + 2], 0x44), _mm512_shuffle_f64x2(x[m], x[m + 2], 0xee));
      const reg u = add(_mm512_shuffle_f64x2(x[m + 4], x[m + 6], 0x44), _mm512_shuffle_f64x2(x[m + 4], x[m + 6], 0xee));
      q[m] = add(_mm512_shuffle_f64x2(t, u, 0x88), _mm512_shuffle_f64x2(t, u, 0xdd));
    });
    return add(_mm512_unpacklo_pd(q[0], q[1]), _mm512_unpackhi_pd(q[0], q[1]));
  }
  static HEED_INLINE void transpose(reg (&x)[8]) noexcept {
    reg y[8];
    heed::detail::unroll<4>([&](auto n) HEED_BODY {
      constexpr int i = 2 * decltype(n)::value;
      y[i] = _mm512_unpacklo_pd(x[i], x[i + 1]);
      y[i + 1] = _mm512_unpackhi_pd(x[i], x[i + 1]);
    });
    heed::detail::unroll<2>([&](auto i) HEED_BODY {
      const reg a = _mm512_shuffle_f64x2(y[i], y[i + 2], 0x88), b = _mm512_shuffle_f64x2(y[i], y[i + 2], 0xdd);
      const reg c = _mm512_shuffle_f64x2(y[i + 4], y[i + 6], 0x88), d = _mm512_shuffle_f64x2(y[i + 4], y[i + 6], 0xdd);
      x[i] = _mm512_shuffle_f64x2(a, c, 0x88);
      x[i + 2] = _mm512_shuffle_f64x2(b, d, 0x88);
      x[i + 4] = _mm512_shuffle_f64x2(a, c, 0xdd);
      x[i + 6] = _mm512_shuffle_f64x2(b, d, 0xdd);
    });
  }
};

} // namespace simd
} // namespace HEED_ISA
} // namespace heed

#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#endif
