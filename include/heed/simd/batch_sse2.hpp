// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The operations of simd/batch.hpp on SSE2: by xsimd, and by intrinsics where it lacks them.
#include <heed/config.hpp>

#if defined(HEED_ISA_SSE2) // so that every header compiles alone
#include <heed/simd/batch_xsimd.hpp>
#include <heed/simd/half_sse2.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

template <> struct lane_ops<float> : xsimd_ops<float, xsimd::sse2> {
  static constexpr bool fuses = false;

  template <class T> static HEED_INLINE reg widen16(const T* p) noexcept {
    const __m128i h = _mm_loadl_epi64(reinterpret_cast<const __m128i_u*>(p));
    if constexpr (std::is_same_v<T, bf16>)
      return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), h));
    else
      return detail::widen_halves(_mm_unpacklo_epi16(h, _mm_setzero_si128()));
  }
  template <class T> static HEED_INLINE void narrow16(T* p, reg x) noexcept {
    __m128i low; // the sixteen bits in the low half of each lane
    if constexpr (std::is_same_v<T, bf16>) {
      const __m128i u = _mm_castps_si128(x);
      const __m128i odd = _mm_and_si128(_mm_srli_epi32(u, 16), _mm_set1_epi32(1));
      const __m128i rounded = _mm_add_epi32(_mm_add_epi32(u, _mm_set1_epi32(0x7fff)), odd);
      const __m128i quiet = _mm_or_si128(u, _mm_set1_epi32(0x400000));
      low = _mm_srli_epi32(detail::choose(_mm_castps_si128(is_nan(x)), quiet, rounded), 16);
    } else {
      low = detail::narrow_halves(x);
    }
    const __m128i extended = _mm_srai_epi32(_mm_slli_epi32(low, 16), 16); // so that packing does not saturate
    _mm_storel_epi64(reinterpret_cast<__m128i_u*>(p), _mm_packs_epi32(extended, extended));
  }

  static HEED_INLINE reg fma(reg a, reg b, reg c) noexcept { return add(mul(a, b), c); }
  static HEED_INLINE reg max(reg a, reg b) noexcept { return xsimd::max(vec(a), vec(b)); }
  static HEED_INLINE reg min(reg a, reg b) noexcept { return xsimd::min(vec(a), vec(b)); }

  static HEED_INLINE mask from_bits(std::uint64_t bits) noexcept {
    const __m128i lane = _mm_setr_epi32(1, 2, 4, 8), all = _mm_set1_epi32(static_cast<int>(bits));
    return _mm_castsi128_ps(_mm_cmpeq_epi32(_mm_and_si128(all, lane), lane));
  }
  static HEED_INLINE std::uint64_t bits(mask m) noexcept { return static_cast<std::uint64_t>(_mm_movemask_ps(m)); }
  static HEED_INLINE reg bits_add(reg a, reg b) noexcept {
    return _mm_castsi128_ps(_mm_add_epi32(_mm_castps_si128(a), _mm_castps_si128(b)));
  }
  template <int N> static HEED_INLINE reg bits_shl(reg a) noexcept {
    return _mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(a), N));
  }
  template <int N> static HEED_INLINE reg bits_shr(reg a) noexcept {
    return _mm_castsi128_ps(_mm_srli_epi32(_mm_castps_si128(a), N));
  }
  static HEED_INLINE reg difference(const std::int32_t* a, std::int32_t b) noexcept {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(a));
    return _mm_cvtepi32_ps(_mm_sub_epi32(x, _mm_set1_epi32(b)));
  }
  static HEED_INLINE reg difference(std::int32_t a, const std::int32_t* b) noexcept {
    const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(b));
    return _mm_cvtepi32_ps(_mm_sub_epi32(_mm_set1_epi32(a), y));
  }

  /// Lane i takes lane i + N for i < N; what the other lanes hold is of no concern.
  template <int N> static HEED_INLINE reg down(reg a) noexcept {
    if constexpr (N == 2) return _mm_movehl_ps(a, a);
    if constexpr (N == 1) return _mm_shuffle_ps(a, a, 0x01);
  }
  static HEED_INLINE reg hsum_each(const reg (&x)[4]) noexcept {
    const reg s = add(_mm_movelh_ps(x[0], x[1]), _mm_movehl_ps(x[1], x[0]));
    const reg t = add(_mm_movelh_ps(x[2], x[3]), _mm_movehl_ps(x[3], x[2]));
    return add(_mm_shuffle_ps(s, t, 0x88), _mm_shuffle_ps(s, t, 0xdd));
  }
  static HEED_INLINE void transpose(reg (&x)[4]) noexcept {
    const reg a = _mm_unpacklo_ps(x[0], x[1]), b = _mm_unpackhi_ps(x[0], x[1]);
    const reg c = _mm_unpacklo_ps(x[2], x[3]), d = _mm_unpackhi_ps(x[2], x[3]);
    x[0] = _mm_movelh_ps(a, c);
    x[1] = _mm_movehl_ps(c, a);
    x[2] = _mm_movelh_ps(b, d);
    x[3] = _mm_movehl_ps(d, b);
  }
};

template <> struct lane_ops<double> : xsimd_ops<double, xsimd::sse2> {
  static constexpr bool fuses = false;

  static HEED_INLINE reg fma(reg a, reg b, reg c) noexcept { return add(mul(a, b), c); }
  static HEED_INLINE reg max(reg a, reg b) noexcept { return xsimd::max(vec(a), vec(b)); }
  static HEED_INLINE reg min(reg a, reg b) noexcept { return xsimd::min(vec(a), vec(b)); }

  static HEED_INLINE mask from_bits(std::uint64_t bits) noexcept {
    const __m128i lane = _mm_setr_epi32(1, 1, 2, 2), all = _mm_set1_epi32(static_cast<int>(bits));
    return _mm_castsi128_pd(_mm_cmpeq_epi32(_mm_and_si128(all, lane), lane));
  }
  static HEED_INLINE std::uint64_t bits(mask m) noexcept { return static_cast<std::uint64_t>(_mm_movemask_pd(m)); }
  static HEED_INLINE reg bits_add(reg a, reg b) noexcept {
    return _mm_castsi128_pd(_mm_add_epi64(_mm_castpd_si128(a), _mm_castpd_si128(b)));
  }
  template <int N> static HEED_INLINE reg bits_shl(reg a) noexcept {
    return _mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(a), N));
  }
  template <int N> static HEED_INLINE reg bits_shr(reg a) noexcept {
    return _mm_castsi128_pd(_mm_srli_epi64(_mm_castpd_si128(a), N));
  }
  static HEED_INLINE reg difference(const std::int32_t* a, std::int32_t b) noexcept {
    const __m128i x = _mm_loadl_epi64(reinterpret_cast<const __m128i_u*>(a));
    return _mm_cvtepi32_pd(_mm_sub_epi32(x, _mm_set1_epi32(b)));
  }
  static HEED_INLINE reg difference(std::int32_t a, const std::int32_t* b) noexcept {
    const __m128i y = _mm_loadl_epi64(reinterpret_cast<const __m128i_u*>(b));
    return _mm_cvtepi32_pd(_mm_sub_epi32(_mm_set1_epi32(a), y));
  }

  template <int N> static HEED_INLINE reg down(reg a) noexcept {
    static_assert(N == 1);
    return _mm_unpackhi_pd(a, a);
  }
  static HEED_INLINE reg hsum_each(const reg (&x)[2]) noexcept {
    return add(_mm_unpacklo_pd(x[0], x[1]), _mm_unpackhi_pd(x[0], x[1]));
  }
  static HEED_INLINE void transpose(reg (&x)[2]) noexcept {
    const reg a = _mm_unpacklo_pd(x[0], x[1]);
    x[1] = _mm_unpackhi_pd(x[0], x[1]);
    x[0] = a;
  }
};

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
#endif
