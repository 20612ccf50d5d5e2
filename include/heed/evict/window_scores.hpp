// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What window scorers share: probabilities of the last queries, summed, pooled along the prefix of each query head, and
// reduced to key-value heads.
#include <heed/evict/cache_policy.hpp>
#include <heed/evict/group_reduce.hpp>
#include <heed/evict/pooling.hpp>

namespace heed {

/// The settings of a window scorer. The window's own slots are protected and take no part in the pooling.
///
/// Units     window in tokens: the last queries, and the slots that stay without a score
/// Source    Li et al. 2024, SnapKV: sum over the window's rows of the softmax, pooled
struct window_scores {
  index_t window = 32;
  pooling pool = {pooling::kind::average, 5};
  group_reduce reduce = {};

  [[nodiscard]] HEED_INLINE protect_ends protection() const noexcept { return {0, window}; }
  /// beside: tokens that a budget must hold beside the window.
  [[nodiscard]] HEED_INLINE failure check(const char* policy, index_t budget, index_t beside = 1) const noexcept {
    if (window < 1) return {errc::bad_value, policy, "window", window, "the least is", 1};
    if (budget < window + beside)
      return {errc::bad_value, policy, "budget", budget, "but the window alone holds", window};
    return pool.check(policy);
  }
};

inline namespace HEED_ISA {

/// Scores from sums: pooled per query head, then reduced, as the sources do (the order matters for a maximum).
///
/// Shapes       sums: [observed heads][slots], overwritten; heads: the observed query heads, ascending (empty: all)
/// Effects      the slots of the window get 0
/// Cost         O(observed heads * slots * pool width), no memory
inline void finish_window_scores(const window_scores& w, index_t q_heads, std::span<const index_t> heads,
                                 const tensor_view<float, 2>& sums, const score_table& scores) noexcept {
  const index_t group = q_heads / scores.kv_heads();
  for (index_t i = 0; i < sums.extent(0); ++i) {
    const index_t head = heads.empty() ? i : heads[static_cast<std::size_t>(i)];
    const index_t prefix = scores.slots(head / group) - w.window;
    if (prefix > 0) heed::pool(w.pool, {&sums(i, 0), static_cast<std::size_t>(prefix)});
  }
  reduce_groups(w.reduce, q_heads, heads, sums, scores);
  for (index_t h = 0; h < scores.kv_heads(); ++h) {
    const std::span<float> row = scores.row(h);
    for (index_t j = greater(0, scores.slots(h) - w.window); j < scores.slots(h); ++j)
      row[static_cast<std::size_t>(j)] = 0.f;
  }
}

} // namespace HEED_ISA
} // namespace heed
