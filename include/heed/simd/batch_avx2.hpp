// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The operations of simd/batch.hpp on AVX2 with FMA, with and without F16C: by xsimd, and by intrinsics where it lacks
// them.
#include <heed/config.hpp>

#if defined(HEED_ISA_AVX2) // so that every header compiles alone
#include <heed/detail/unroll.hpp>
#include <heed/simd/batch_xsimd.hpp>
#if !defined(__F16C__)
#include <heed/simd/half_sse2.hpp>
#endif

#include <immintrin.h>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

template <> struct lane_ops<float> : xsimd_ops<float, xsimd::avx2> {
  static constexpr bool fuses = true;

  // Masked moves instead of the common way through a buffer.
  static HEED_INLINE reg load_first(const float* p, index_t n) noexcept {
    return _mm256_maskload_ps(p, _mm256_castps_si256(first_lanes(n)));
  }
  static HEED_INLINE void store_first(float* p, reg x, index_t n) noexcept {
    _mm256_maskstore_ps(p, _mm256_castps_si256(first_lanes(n)), x);
  }

#if defined(__F16C__)
  static HEED_INLINE reg from_bits16(__m128i h, f16) noexcept { return _mm256_cvtph_ps(h); }
  static HEED_INLINE __m128i to_bits16(reg x, f16) noexcept {
    return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static HEED_INLINE reg broadcast16(const f16* p) noexcept {
    return _mm256_cvtph_ps(_mm_set1_epi16(static_cast<short>(p->bits)));
  }
#else
  static HEED_INLINE reg from_bits16(__m128i h, f16) noexcept {
    const __m128 low = detail::widen_halves(_mm_cvtepu16_epi32(h));
    return _mm256_set_m128(detail::widen_halves(_mm_cvtepu16_epi32(_mm_srli_si128(h, 8))), low);
  }
  static HEED_INLINE __m128i to_bits16(reg x, f16) noexcept {
    return _mm_packus_epi32(detail::narrow_halves(_mm256_castps256_ps128(x)),
                            detail::narrow_halves(_mm256_extractf128_ps(x, 1)));
  }
  static HEED_INLINE reg broadcast16(const f16* p) noexcept { return broadcast(element_traits<f16>::widen(*p)); }
#endif
  static HEED_INLINE reg broadcast16(const bf16* p) noexcept { return broadcast(element_traits<bf16>::widen(*p)); }
  static HEED_INLINE reg from_bits16(__m128i h, bf16) noexcept {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
  }
  static HEED_INLINE __m128i to_bits16(reg x, bf16) noexcept {
    const __m256i u = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(u, _mm256_set1_epi32(0x7fff)), odd);
    const __m256i quiet = _mm256_or_si256(u, _mm256_set1_epi32(0x400000));
    const __m256i either = _mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(is_nan(x)));
    const __m256i low = _mm256_srli_epi32(either, 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
  }
  template <class T> static HEED_INLINE reg widen16(const T* p) noexcept {
    return from_bits16(_mm_loadu_si128(reinterpret_cast<const __m128i_u*>(p)), T{});
  }
  template <class T> static HEED_INLINE void narrow16(T* p, reg x) noexcept {
    _mm_storeu_si128(reinterpret_cast<__m128i_u*>(p), to_bits16(x, T{}));
  }

  static HEED_INLINE reg fma(reg a, reg b, reg c) noexcept { return _mm256_fmadd_ps(a, b, c); }
  static HEED_INLINE reg max(reg a, reg b) noexcept { return xsimd::max(vec(a), vec(b)); }
  static HEED_INLINE reg min(reg a, reg b) noexcept { return xsimd::min(vec(a), vec(b)); }

  static HEED_INLINE mask from_bits(std::uint64_t bits) noexcept {
    const __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i all = _mm256_set1_epi32(static_cast<int>(bits));
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(all, lane), lane));
  }
  static HEED_INLINE std::uint64_t bits(mask m) noexcept { return static_cast<std::uint64_t>(_mm256_movemask_ps(m)); }
  static HEED_INLINE reg bits_add(reg a, reg b) noexcept {
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
  }
  template <int N> static HEED_INLINE reg bits_shl(reg a) noexcept {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a), N));
  }
  template <int N> static HEED_INLINE reg bits_shr(reg a) noexcept {
    return _mm256_castsi256_ps(_mm256_srli_epi32(_mm256_castps_si256(a), N));
  }
  static HEED_INLINE reg difference(const std::int32_t* a, std::int32_t b) noexcept {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(a));
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(x, _mm256_set1_epi32(b)));
  }
  static HEED_INLINE reg difference(std::int32_t a, const std::int32_t* b) noexcept {
    const __m256i y = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(b));
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_set1_epi32(a), y));
  }

  /// Lane i takes lane i + N for i < N; what the other lanes hold is of no concern.
  template <int N> static HEED_INLINE reg down(reg a) noexcept {
    if constexpr (N == 4) return _mm256_permute2f128_ps(a, a, 0x81);
    if constexpr (N == 2) return _mm256_permute_ps(a, 0x0e);
    if constexpr (N == 1) return _mm256_permute_ps(a, 0x01);
  }
  static HEED_INLINE reg hsum_each(const reg (&x)[8]) noexcept {
    reg q[4]; // four lanes of each of x[m], x[m + 4]
    heed::detail::unroll<4>([&](auto m) HEED_BODY {
      q[m] = add(_mm256_permute2f128_ps(x[m], x[m + 4], 0x20), _mm256_permute2f128_ps(x[m], x[m + 4], 0x31));
    });
    const reg s = add(_mm256_shuffle_ps(q[0], q[1], 0x44), _mm256_shuffle_ps(q[0], q[1], 0xee));
    const reg t = add(_mm256_shuffle_ps(q[2], q[3], 0x44), _mm256_shuffle_ps(q[2], q[3], 0xee));
    return add(_mm256_shuffle_ps(s, t, 0x88), _mm256_shuffle_ps(s, t, 0xdd));
  }
  static HEED_INLINE void transpose(reg (&x)[8]) noexcept {
    reg y[8];
    heed::detail::unroll<2>([&](auto n) HEED_BODY { // 4 x 4 inside each 128 bits
      constexpr int i = 4 * decltype(n)::value;
      const reg a = _mm256_unpacklo_ps(x[i], x[i + 1]), b = _mm256_unpackhi_ps(x[i], x[i + 1]);
      const reg c = _mm256_unpacklo_ps(x[i + 2], x[i + 3]), d = _mm256_unpackhi_ps(x[i + 2], x[i + 3]);
      y[i] = _mm256_shuffle_ps(a, c, 0x44);
      y[i + 1] = _mm256_shuffle_ps(a, c, 0xee);
      y[i + 2] = _mm256_shuffle_ps(b, d, 0x44);
      y[i + 3] = _mm256_shuffle_ps(b, d, 0xee);
    });
    heed::detail::unroll<4>([&](auto i) HEED_BODY {
      x[i] = _mm256_permute2f128_ps(y[i], y[i + 4], 0x20);
      x[i + 4] = _mm256_permute2f128_ps(y[i], y[i + 4], 0x31);
    });
  }
};

template <> struct lane_ops<double> : xsimd_ops<double, xsimd::avx2> {
  static constexpr bool fuses = true;

  static HEED_INLINE reg load_first(const double* p, index_t n) noexcept {
    return _mm256_maskload_pd(p, _mm256_castpd_si256(first_lanes(n)));
  }
  static HEED_INLINE void store_first(double* p, reg x, index_t n) noexcept {
    _mm256_maskstore_pd(p, _mm256_castpd_si256(first_lanes(n)), x);
  }

  static HEED_INLINE reg fma(reg a, reg b, reg c) noexcept { return _mm256_fmadd_pd(a, b, c); }
  static HEED_INLINE reg max(reg a, reg b) noexcept { return xsimd::max(vec(a), vec(b)); }
  static HEED_INLINE reg min(reg a, reg b) noexcept { return xsimd::min(vec(a), vec(b)); }

  static HEED_INLINE mask from_bits(std::uint64_t bits) noexcept {
    const __m256i lane = _mm256_setr_epi64x(1, 2, 4, 8);
    const __m256i all = _mm256_set1_epi64x(static_cast<long long>(bits));
    return _mm256_castsi256_pd(_mm256_cmpeq_epi64(_mm256_and_si256(all, lane), lane));
  }
  static HEED_INLINE std::uint64_t bits(mask m) noexcept { return static_cast<std::uint64_t>(_mm256_movemask_pd(m)); }
  static HEED_INLINE reg bits_add(reg a, reg b) noexcept {
    return _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(a), _mm256_castpd_si256(b)));
  }
  template <int N> static HEED_INLINE reg bits_shl(reg a) noexcept {
    return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(a), N));
  }
  template <int N> static HEED_INLINE reg bits_shr(reg a) noexcept {
    return _mm256_castsi256_pd(_mm256_srli_epi64(_mm256_castpd_si256(a), N));
  }
  static HEED_INLINE reg difference(const std::int32_t* a, std::int32_t b) noexcept {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(a));
    return _mm256_cvtepi32_pd(_mm_sub_epi32(x, _mm_set1_epi32(b)));
  }
  static HEED_INLINE reg difference(std::int32_t a, const std::int32_t* b) noexcept {
    const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(b));
    return _mm256_cvtepi32_pd(_mm_sub_epi32(_mm_set1_epi32(a), y));
  }

  template <int N> static HEED_INLINE reg down(reg a) noexcept {
    if constexpr (N == 2) return _mm256_permute2f128_pd(a, a, 0x81);
    if constexpr (N == 1) return _mm256_permute_pd(a, 0x05);
  }
  static HEED_INLINE reg hsum_each(const reg (&x)[4]) noexcept {
    reg q[2]; // two lanes of each of x[m], x[m + 2]
    heed::detail::unroll<2>([&](auto m) HEED_BODY {
      q[m] = add(_mm256_permute2f128_pd(x[m], x[m + 2], 0x20), _mm256_permute2f128_pd(x[m], x[m + 2], 0x31));
    });
    return add(_mm256_unpacklo_pd(q[0], q[1]), _mm256_unpackhi_pd(q[0], q[1]));
  }
  static HEED_INLINE void transpose(reg (&x)[4]) noexcept {
    const reg a = _mm256_unpacklo_pd(x[0], x[1]), b = _mm256_unpackhi_pd(x[0], x[1]);
    const reg c = _mm256_unpacklo_pd(x[2], x[3]), d = _mm256_unpackhi_pd(x[2], x[3]);
    x[0] = _mm256_permute2f128_pd(a, c, 0x20);
    x[1] = _mm256_permute2f128_pd(b, d, 0x20);
    x[2] = _mm256_permute2f128_pd(a, c, 0x31);
    x[3] = _mm256_permute2f128_pd(b, d, 0x31);
  }
};

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
#endif
