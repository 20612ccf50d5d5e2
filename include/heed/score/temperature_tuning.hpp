// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Llama 4's scale per query row: it grows with the logarithm of the position, in steps.
#include <heed/detail/scalar_ops.hpp>
#include <heed/problem/call_extents.hpp>

namespace heed {

/// x * (1 + attn_scale * log(floor((q + 1) / floor_scale) + 1)).
///
/// Units     floor_scale in tokens; q is the query's position, so prefill, chunks and decode agree
/// Requires  floor_scale >= 1, attn_scale finite; else errc::bad_value
/// Laws      score_mod, batched_score_mod
/// Cost      one logarithm per vector of lanes
/// Source    Llama 4 (Meta 2025), released code: attn_temperature_tuning in the layers without RoPE
struct temperature_tuning {
  index_t floor_scale = 8192;
  float attn_scale = 0.1f;

  HEED_INLINE float operator()(float x, const cell& at) const noexcept {
    return detail::product(x, static_cast<float>(factor(at.q)));
  }
  HEED_INLINE double operator()(double x, const cell& at) const noexcept { return detail::product(x, factor(at.q)); }
  template <class B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
    using number = typename B::value_type;
    if (at.q.step == 0) return mul(x, B(static_cast<number>(factor(at.q[0]))));
    const double inverse = 1 / static_cast<double>(floor_scale);
    const B steps = B::generate([&](index_t i) __attribute__((always_inline)) {
      // A product and a correction instead of a division.
      const index_t tokens = greater(at.q[i], 0) + 1;
      index_t n = static_cast<index_t>(static_cast<double>(tokens) * inverse);
      const index_t rest = tokens - n * floor_scale;
      n += (rest >= floor_scale ? 1 : 0) - (rest < 0 ? 1 : 0);
      return static_cast<number>(n + 1);
    });
    constexpr double ln2 = 0.69314718055994530941723212145817657;
    return mul(x, fma(B(static_cast<number>(ln2 * static_cast<double>(attn_scale))), log2(steps), B(number(1))));
  }

  HEED_INLINE failure check(const call_extents&) const noexcept {
    if (floor_scale < 1) return {errc::bad_value, "temperature_tuning", "floor_scale", floor_scale, "the least is", 1};
    if (!detail::is_finite(static_cast<double>(attn_scale)))
      return {errc::bad_value, "temperature_tuning", "attn_scale", attn_scale, "must be finite, as", 0};
    return {};
  }

private:
  HEED_INLINE double factor(index_t q) const noexcept {
    return detail::fused(static_cast<double>(attn_scale),
                         __builtin_log(static_cast<double>((greater(q, 0) + 1) / floor_scale + 1)), 1.);
  }
};

static_assert(score_mod<temperature_tuning> && score_mod<temperature_tuning, double> &&
              self_checking<temperature_tuning>);

} // namespace heed
