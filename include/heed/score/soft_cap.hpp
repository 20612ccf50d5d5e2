// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Scores bent into (-cap, cap) by a hyperbolic tangent.
#include <heed/detail/scalar_ops.hpp>
#include <heed/problem/call_extents.hpp>

namespace heed {

/// cap * tanh(x / cap).
///
/// Units     cap in scores, after the scale
/// Requires  cap from 2^-100 to 2^100, else errc::bad_value
/// Laws      score_mod, batched_score_mod; odd; |result| <= cap. A score of -inf becomes -cap, so a bias that masks by
///           -inf belongs behind the cap in a chain
/// Cost      one tanh, one division and one product per score
/// Source    Gemma 2 (Google 2024), section 2: cap 50 in attention; Grok-1: 30
struct soft_cap {
  float cap;

  HEED_INLINE float operator()(float x, const cell&) const noexcept {
    return detail::product(cap, __builtin_tanhf(x / cap));
  }
  HEED_INLINE double operator()(double x, const cell&) const noexcept {
    return detail::product(static_cast<double>(cap), __builtin_tanh(x / static_cast<double>(cap)));
  }
  template <class B> HEED_INLINE B operator()(B x, const cells<B>&) const noexcept {
    using number = typename B::value_type;
    return mul(B(static_cast<number>(cap)), tanh(x / B(static_cast<number>(cap))));
  }

  HEED_INLINE failure check(const call_extents&) const noexcept {
    constexpr float least = 0x1p-100f, most = 0x1p100f; // 1 / cap must not overflow either
    if (!(cap > 0 && detail::is_finite(static_cast<double>(cap))))
      return {errc::bad_value, "soft_cap", "cap", cap, "must be finite and above", 0};
    if (cap < least) return {errc::bad_value, "soft_cap", "cap", cap, "the least is", least};
    if (cap > most) return {errc::bad_value, "soft_cap", "cap", cap, "the most is", most};
    return {};
  }
};

static_assert(score_mod<soft_cap> && score_mod<soft_cap, double> && self_checking<soft_cap>);

} // namespace heed
