// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A learned logit per head that takes part in the softmax and has no value (attention sink).
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// The softmax runs over the keys and one column more, of score logits[head] and value zero: the output is multiplied
/// by sigmoid(lse - logit). The column is not scaled, capped or masked, and not part of the stored lse.
///
/// Shapes    logits: [q_heads]; -inf is no sink, 0 is ONNX Runtime's smooth softmax
/// Source    Agarwal et al. 2025, gpt-oss, gpt_oss/torch/model.py
class sink_logit {
public:
  HEED_INLINE explicit sink_logit(std::span<const float> logits) noexcept : logits_(logits) {}
  template <class A> HEED_INLINE A scale(query_row at, A lse) const noexcept {
    const A t = static_cast<A>(logits_[static_cast<std::size_t>(at.head)]) - lse;
    if constexpr (std::is_same_v<A, double>)
      return 1.0 / (1.0 + __builtin_exp(t));
    else
      return 1.f / (1.f + __builtin_expf(t));
  }
  template <class A> HEED_INLINE void finish(query_row, A) const noexcept {}
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    const auto n = static_cast<index_t>(logits_.size());
    if (n != e.q_heads) return {errc::bad_extent, "sink_logit", "size", n, "but the query heads are", e.q_heads};
    for (index_t h = 0; h < n; ++h)
      if (__builtin_isnan(logits_[static_cast<std::size_t>(h)]))
        return {errc::bad_value,
                "sink_logit",
                "logits",
                __builtin_nan(""),
                "must be a number; no sink is",
                -__builtin_inf(),
                h};
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(logits_));
  }

private:
  std::span<const float> logits_;
};
static_assert(epilogue<sink_logit, float> && epilogue<sink_logit, double>);

} // namespace heed
