// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// binary16 to float and back by integers, four at a time, for x86 machines without F16C.
#include <heed/config.hpp>

#if defined(__SSE2__) // so that every header compiles alone
#include <emmintrin.h>

namespace heed {
inline namespace HEED_ISA {
namespace simd {
namespace detail {

HEED_INLINE __m128i choose(__m128i m, __m128i a, __m128i b) noexcept {
  return _mm_or_si128(_mm_and_si128(m, a), _mm_andnot_si128(m, b));
}
/// Four halves, each in the low half of 32 bits whose high half is zero. No step sees a subnormal float.
HEED_INLINE __m128 widen_halves(__m128i h) noexcept {
  const __m128i size = _mm_and_si128(h, _mm_set1_epi32(0x7fff)), sign = _mm_slli_epi32(_mm_xor_si128(h, size), 16);
  const __m128i shifted = _mm_slli_epi32(size, 13), rebias = _mm_set1_epi32(112 << 23);
  const __m128i normal = _mm_add_epi32(shifted, rebias);
  const __m128i top = _mm_cmpgt_epi32(size, _mm_set1_epi32(0x7bff)); // infinity, NaN: exponent 255
  const __m128i large = _mm_add_epi32(normal, _mm_and_si128(top, rebias));
  const __m128i small = _mm_castps_si128(_mm_mul_ps(_mm_cvtepi32_ps(size), _mm_set1_ps(0x1p-24f)));
  const __m128i subnormal = _mm_cmpgt_epi32(_mm_set1_epi32(0x400), size);
  return _mm_castsi128_ps(_mm_or_si128(sign, choose(subnormal, small, large)));
}
/// Four halves, each in the low half of 32 bits whose high half is zero. A subnormal float gives 0 with FTZ and
/// without.
HEED_INLINE __m128i narrow_halves(__m128 x) noexcept {
  const __m128i u = _mm_castps_si128(x);
  const __m128i size = _mm_and_si128(u, _mm_set1_epi32(0x7fffffff));
  const __m128i sign = _mm_srli_epi32(_mm_xor_si128(u, size), 16);
  const __m128i rebased = _mm_sub_epi32(size, _mm_set1_epi32(112 << 23));
  const __m128i odd = _mm_and_si128(_mm_srli_epi32(rebased, 13), _mm_set1_epi32(1));
  const __m128i normal = _mm_srli_epi32(_mm_add_epi32(_mm_add_epi32(rebased, _mm_set1_epi32(0xfff)), odd), 13);
  // Around 1/2 an ulp is 2^-24, the step of subnormal halves.
  const __m128 half = _mm_set1_ps(0.5f);
  const __m128i small =
      _mm_sub_epi32(_mm_castps_si128(_mm_add_ps(_mm_castsi128_ps(size), half)), _mm_castps_si128(half));
  const __m128i subnormal = _mm_cmpgt_epi32(_mm_set1_epi32(113 << 23), size);
  const __m128i infinite = _mm_cmpgt_epi32(size, _mm_set1_epi32(0x477fefff));
  const __m128i nan = _mm_cmpgt_epi32(size, _mm_set1_epi32(0x7f800000));
  __m128i h = choose(subnormal, small, normal);
  h = choose(infinite, _mm_set1_epi32(0x7c00), h);
  h = _mm_or_si128(h, _mm_and_si128(nan, _mm_set1_epi32(0x200)));
  return _mm_or_si128(h, sign);
}

} // namespace detail
} // namespace simd
} // namespace HEED_ISA
} // namespace heed
#endif
