// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Attention with linear biases: a penalty that grows with the distance, with a slope per head.
#include <heed/detail/scalar_ops.hpp>
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// x - slope(head) * |q - k|.
///
/// Shapes    slopes: [q_heads], the caller's memory, read during the call; or computed, see standard
/// Requires  a slope for each query head, else errc::bad_extent
/// Laws      score_mod, batched_score_mod. q and k are positions, so states of parts of the keys may be merged
/// Cost      one fma per score; lanes of several heads also read a slope each. 536 bytes
/// Source    Press et al. 2022, Train Short, Test Long; head counts that are no power of two: their code
class alibi {
public:
  /// The standard slopes for any number of heads. With n the greatest power of two <= heads: head h < n has slope
  /// 2^(-max_bias (h + 1) / n), the others 2^(-max_bias (2 (h - n) + 1) / (2 n)).
  HEED_INLINE static alibi standard(index_t heads, float max_bias = 8.f) noexcept {
    alibi a;
    a.heads_ = heads;
    a.max_bias_ = max_bias;
    for (index_t h = 0; h < kept && h < heads; ++h) a.slopes_[h] = standard_slope(h, heads, max_bias);
    return a;
  }
  HEED_INLINE explicit alibi(std::span<const float> slopes) noexcept
      : given_(slopes.data()), heads_(static_cast<index_t>(slopes.size())) {}

  [[nodiscard]] HEED_INLINE float slope(index_t head) const noexcept {
    if (given_ != nullptr) return given_[head];
    return head < kept ? slopes_[head] : standard_slope(head, heads_, max_bias_);
  }

  HEED_INLINE float operator()(float x, const cell& at) const noexcept {
    return detail::fused(-slope(at.head), static_cast<float>(distance(at)), x);
  }
  HEED_INLINE double operator()(double x, const cell& at) const noexcept {
    return detail::fused(-static_cast<double>(slope(at.head)), static_cast<double>(distance(at)), x);
  }
  template <class B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
    using number = typename B::value_type;
    if (at.head.step == 0) return fma(B(static_cast<number>(-slope(at.head[0]))), abs(at.distance), x);
    // The kernels' lanes are rows times heads. Which list holds the slopes is decided once, not per lane.
    const float* const list = given_ != nullptr ? given_ : slopes_;
    const bool listed = given_ != nullptr || heads_ <= kept;
    const auto steep = B::generate([&](index_t i) __attribute__((always_inline)) {
      const index_t head = at.head[i];
      return static_cast<number>(-(listed ? list[head] : slope(head)));
    });
    return fma(steep, abs(at.distance), x);
  }

  HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (heads_ < e.q_heads)
      return {errc::bad_extent, "alibi", "number of slopes", heads_, "but the query heads are", e.q_heads};
    if (!detail::is_finite(static_cast<double>(max_bias_)))
      return {errc::bad_value, "alibi", "max_bias", max_bias_, "must be finite, as", 8};
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::any_shares(f, std::span<const float>(given_, static_cast<std::size_t>(given_ ? heads_ : 0)));
  }

private:
  static constexpr index_t kept = 128; // computed once; models with more heads pay an exp2 per score
  HEED_INLINE alibi() noexcept = default;

  HEED_INLINE static index_t distance(const cell& at) noexcept { return at.q > at.k ? at.q - at.k : at.k - at.q; }
  HEED_INLINE static float standard_slope(index_t head, index_t heads, float max_bias) noexcept {
    index_t n = 1;
    while (n <= heads / 2) n *= 2;
    const index_t numerator = head < n ? 2 * (head + 1) : 2 * (head - n) + 1;
    return static_cast<float>(
        __builtin_exp2(-static_cast<double>(max_bias) * static_cast<double>(numerator) / static_cast<double>(2 * n)));
  }

  const float* given_ = nullptr;
  index_t heads_ = 0;
  float max_bias_ = 8.f;
  float slopes_[kept] = {};
};

static_assert(score_mod<alibi> && score_mod<alibi, double> && self_checking<alibi>);

} // namespace heed
