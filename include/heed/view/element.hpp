// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The number types that heed stores: float, double, and two 16-bit floats. Arithmetic is never done in the latter.
#include <heed/concepts.hpp>

#include <bit>

namespace heed {

/// IEEE binary16, as bits.
struct f16 {
  std::uint16_t bits;
  friend HEED_FN constexpr bool operator==(f16 a, f16 b) noexcept { return a.bits == b.bits; }
};
/// bfloat16: the upper half of an IEEE binary32, as bits.
struct bf16 {
  std::uint16_t bits;
  friend HEED_FN constexpr bool operator==(bf16 a, bf16 b) noexcept { return a.bits == b.bits; }
};

template <> struct element_traits<float> {
  static HEED_FN constexpr float widen(float x) noexcept { return x; }
  static HEED_FN constexpr float narrow(float x) noexcept { return x; }
};
template <> struct element_traits<double> {
  static HEED_FN constexpr double widen(double x) noexcept { return x; }
  static HEED_FN constexpr double narrow(double x) noexcept { return x; }
};
template <> struct element_traits<bf16> {
  static HEED_FN constexpr float widen(bf16 x) noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16);
  }
  static HEED_FN constexpr bf16 narrow(float x) noexcept {
    const auto u = std::bit_cast<std::uint32_t>(x);
    if ((u & 0x7fffffffu) > 0x7f800000u) return {static_cast<std::uint16_t>((u >> 16) | 0x40u)}; // NaN stays NaN
    return {static_cast<std::uint16_t>((u + 0x7fffu + ((u >> 16) & 1u)) >> 16)};
  }
};
template <> struct element_traits<f16> {
  static HEED_FN constexpr float widen(f16 x) noexcept {
    const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x8000u) << 16;
    const std::uint32_t exponent = (x.bits >> 10) & 31u;
    std::uint32_t fraction = x.bits & 0x3ffu;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
    if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (fraction << 13));
    if (fraction == 0) return std::bit_cast<float>(sign);
    std::uint32_t e = 113; // subnormal: shift the leading one into place
    while ((fraction & 0x400u) == 0) {
      fraction <<= 1;
      --e;
    }
    return std::bit_cast<float>(sign | (e << 23) | ((fraction & 0x3ffu) << 13));
  }
  static HEED_FN constexpr f16 narrow(float x) noexcept {
    const auto u = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t sign = (u >> 16) & 0x8000u;
    const std::uint32_t magnitude = u & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return {static_cast<std::uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu))};
    if (magnitude >= 0x477ff000u) return {static_cast<std::uint16_t>(sign | 0x7c00u)}; // rounds to infinity
    if (magnitude >= 0x38800000u) {
      const std::uint32_t r = magnitude - 0x38000000u;
      return {static_cast<std::uint16_t>(sign | ((r + 0xfffu + ((r >> 13) & 1u)) >> 13))};
    }
    if (magnitude < 0x33000000u) return {static_cast<std::uint16_t>(sign)}; // below half of the least subnormal
    const std::uint32_t shift = 126u - (magnitude >> 23);
    const std::uint32_t fraction = (magnitude & 0x7fffffu) | 0x800000u;
    const std::uint32_t kept = fraction >> shift;
    const std::uint32_t rest = fraction & ((1u << shift) - 1u), half = 1u << (shift - 1u);
    const std::uint32_t up = rest > half || (rest == half && (kept & 1u) != 0) ? 1u : 0u;
    return {static_cast<std::uint16_t>(sign | (kept + up))};
  }
};

template <element T> HEED_FN constexpr accum_t<T> widen(T x) noexcept { return element_traits<T>::widen(x); }
template <element T> HEED_FN constexpr T narrow(accum_t<T> x) noexcept { return element_traits<T>::narrow(x); }

/// Rows of plain elements: read in place where the element is the accumulator, widened elsewhere.
template <class T> struct elements {
  using element = T;
  using accum = accum_t<T>;
  HEED_INLINE index_t row_bytes(index_t dim) const noexcept { return dim * static_cast<index_t>(sizeof(T)); }
  HEED_INLINE void unpack(const std::byte* row, const float*, std::span<accum> out) const noexcept {
    const T* x = reinterpret_cast<const T*>(row);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = widen(x[i]);
  }
};

static_assert(element<float> && element<double> && element<f16> && element<bf16>);
static_assert(row_format<elements<float>> && row_format<elements<bf16>>);

} // namespace heed
