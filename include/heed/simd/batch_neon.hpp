// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The operations of simd/batch.hpp on 64-bit ARM: by xsimd, and by intrinsics where it lacks them. xsimd's max and min
// give NaN where either side is one, its quotient of floats is not the nearest, and its shifts find their count at run
// time.
#include <heed/config.hpp>

#if defined(HEED_ISA_NEON) // so that every header compiles alone
#include <heed/simd/batch_xsimd.hpp>

#include <arm_neon.h>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

template <> struct lane_ops<float> : xsimd_ops<float, xsimd::neon64> {
  static constexpr bool fuses = true;

  // The conversions of halves ignore FPCR.FZ where the result is not subnormal, and it never is one here.
  template <class T> static HEED_INLINE reg widen16(const T* p) noexcept {
    std::uint16_t h[4];
    __builtin_memcpy(h, p, sizeof h);
    if constexpr (std::is_same_v<T, bf16>)
      return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(h), 16));
    else
      return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(h)));
  }
  template <class T> static HEED_INLINE void narrow16(T* p, reg x) noexcept {
    uint16x4_t h;
    if constexpr (std::is_same_v<T, bf16>) {
      const uint32x4_t u = vreinterpretq_u32_f32(x);
      const uint32x4_t odd = vandq_u32(vshrq_n_u32(u, 16), vdupq_n_u32(1));
      const uint32x4_t rounded = vaddq_u32(vaddq_u32(u, vdupq_n_u32(0x7fff)), odd);
      const uint32x4_t quiet = vorrq_u32(u, vdupq_n_u32(0x400000));
      h = vshrn_n_u32(vbslq_u32(is_nan(x), quiet, rounded), 16);
    } else {
      h = vreinterpret_u16_f16(vcvt_f16_f32(x));
    }
    __builtin_memcpy(p, &h, sizeof h);
  }

  static HEED_INLINE reg div(reg a, reg b) noexcept { return vdivq_f32(a, b); }
  static HEED_INLINE reg fma(reg a, reg b, reg c) noexcept { return vfmaq_f32(c, a, b); }
  static HEED_INLINE reg max(reg a, reg b) noexcept { return select(less(b, a), a, b); }
  static HEED_INLINE reg min(reg a, reg b) noexcept { return select(less(a, b), a, b); }

  static HEED_INLINE uint32x4_t lane_bits() noexcept { return uint32x4_t{1, 2, 4, 8}; }
  static HEED_INLINE mask from_bits(std::uint64_t bits) noexcept {
    return vtstq_u32(vdupq_n_u32(static_cast<std::uint32_t>(bits)), lane_bits());
  }
  static HEED_INLINE std::uint64_t bits(mask m) noexcept { return vaddvq_u32(vandq_u32(m, lane_bits())); }
  static HEED_INLINE reg bits_add(reg a, reg b) noexcept {
    return vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
  }
  template <int N> static HEED_INLINE reg bits_shl(reg a) noexcept {
    return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(a), N));
  }
  template <int N> static HEED_INLINE reg bits_shr(reg a) noexcept {
    return vreinterpretq_f32_u32(vshrq_n_u32(vreinterpretq_u32_f32(a), N));
  }
  static HEED_INLINE reg difference(const std::int32_t* a, std::int32_t b) noexcept {
    return vcvtq_f32_s32(vsubq_s32(vld1q_s32(a), vdupq_n_s32(b)));
  }
  static HEED_INLINE reg difference(std::int32_t a, const std::int32_t* b) noexcept {
    return vcvtq_f32_s32(vsubq_s32(vdupq_n_s32(a), vld1q_s32(b)));
  }

  /// Lane i takes lane i + N for i < N; what the other lanes hold is of no concern.
  template <int N> static HEED_INLINE reg down(reg a) noexcept { return vextq_f32(a, a, N); }
  static HEED_INLINE reg halves(reg a, reg b) noexcept { // sums of the halves of a, then of b
    const float64x2_t c = vreinterpretq_f64_f32(a), d = vreinterpretq_f64_f32(b);
    return add(vreinterpretq_f32_f64(vzip1q_f64(c, d)), vreinterpretq_f32_f64(vzip2q_f64(c, d)));
  }
  static HEED_INLINE reg hsum_each(const reg (&x)[4]) noexcept {
    return vpaddq_f32(halves(x[0], x[1]), halves(x[2], x[3]));
  }
  static HEED_INLINE void transpose(reg (&x)[4]) noexcept {
    const float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(x[0], x[1])),
                      b = vreinterpretq_f64_f32(vtrn2q_f32(x[0], x[1]));
    const float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(x[2], x[3])),
                      d = vreinterpretq_f64_f32(vtrn2q_f32(x[2], x[3]));
    x[0] = vreinterpretq_f32_f64(vzip1q_f64(a, c));
    x[1] = vreinterpretq_f32_f64(vzip1q_f64(b, d));
    x[2] = vreinterpretq_f32_f64(vzip2q_f64(a, c));
    x[3] = vreinterpretq_f32_f64(vzip2q_f64(b, d));
  }
};

template <> struct lane_ops<double> : xsimd_ops<double, xsimd::neon64> {
  static constexpr bool fuses = true;

  static HEED_INLINE reg fma(reg a, reg b, reg c) noexcept { return vfmaq_f64(c, a, b); }
  static HEED_INLINE reg max(reg a, reg b) noexcept { return select(less(b, a), a, b); }
  static HEED_INLINE reg min(reg a, reg b) noexcept { return select(less(a, b), a, b); }

  static HEED_INLINE uint64x2_t lane_bits() noexcept { return uint64x2_t{1, 2}; }
  static HEED_INLINE mask from_bits(std::uint64_t bits) noexcept { return vtstq_u64(vdupq_n_u64(bits), lane_bits()); }
  static HEED_INLINE std::uint64_t bits(mask m) noexcept { return vaddvq_u64(vandq_u64(m, lane_bits())); }
  static HEED_INLINE reg bits_add(reg a, reg b) noexcept {
    return vreinterpretq_f64_u64(vaddq_u64(vreinterpretq_u64_f64(a), vreinterpretq_u64_f64(b)));
  }
  template <int N> static HEED_INLINE reg bits_shl(reg a) noexcept {
    return vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(a), N));
  }
  template <int N> static HEED_INLINE reg bits_shr(reg a) noexcept {
    return vreinterpretq_f64_u64(vshrq_n_u64(vreinterpretq_u64_f64(a), N));
  }
  static HEED_INLINE reg difference(const std::int32_t* a, std::int32_t b) noexcept {
    return vcvtq_f64_s64(vmovl_s32(vsub_s32(vld1_s32(a), vdup_n_s32(b))));
  }
  static HEED_INLINE reg difference(std::int32_t a, const std::int32_t* b) noexcept {
    return vcvtq_f64_s64(vmovl_s32(vsub_s32(vdup_n_s32(a), vld1_s32(b))));
  }

  template <int N> static HEED_INLINE reg down(reg a) noexcept { return vextq_f64(a, a, N); }
  static HEED_INLINE reg hsum_each(const reg (&x)[2]) noexcept { return vpaddq_f64(x[0], x[1]); }
  static HEED_INLINE void transpose(reg (&x)[2]) noexcept {
    const reg a = vzip1q_f64(x[0], x[1]);
    x[1] = vzip2q_f64(x[0], x[1]);
    x[0] = a;
  }
};

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
#endif
