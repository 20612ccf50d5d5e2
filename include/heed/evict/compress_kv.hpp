// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// CompressKV: a few semantic retrieval heads of a layer vote on which tokens matter, for all of its heads.
#include <heed/evict/window_scores.hpp>

namespace heed {

/// One layer of it: one list of slots for all key-value heads. weighted_layers (layer_budget.hpp) gives the layers
/// their budgets.
///
/// Shapes    heads: the layer's voting query heads, ascending (retrieval_votes sorts a ranking); empty: all, which with
///           equal budgets is SnapKV with a mean over the layer
/// Units     window in tokens, budgets include it
/// Laws      scoring_policy; heads keep the same slots
/// Source    Lin et al. 2025, CompressKV; window 8, average pooling of 5 and 4 heads as in its LongBench program
struct compress_kv {
  static constexpr index_t voters = 4;
  std::span<const index_t> heads = {};
  index_t window = 8;
  pooling pool = {pooling::kind::average, 5};

  [[nodiscard]] HEED_INLINE failure check(index_t q_heads, index_t, index_t budget) const noexcept {
    if (const failure f = detail::check_chosen("compress_kv", heads, q_heads)) return f;
    return scoring().check("compress_kv", budget);
  }
  [[nodiscard]] HEED_INLINE observed_rows observes() const noexcept {
    return {observed_rows::kind::last, window, heads};
  }
  HEED_INLINE void rescore(const tensor_view<float, 2>& sums, index_t q_heads,
                           const score_table& scores) const noexcept {
    finish_window_scores(scoring(), q_heads, heads, sums, scores);
  }
  [[nodiscard]] HEED_INLINE failure allocate(const score_view&, index_t budget,
                                             std::span<index_t> budgets) const noexcept {
    return detail::same_budget(budget, budgets);
  }
  [[nodiscard]] HEED_INLINE protect_ends protection() const noexcept { return scoring().protection(); }
  [[nodiscard]] HEED_INLINE failure keep(const score_view& scores, std::span<const index_t> budgets,
                                         kept_lists& kept) const noexcept {
    return select_top(scores, protection(), budgets, kept);
  }
  [[nodiscard]] HEED_INLINE window_scores scoring() const noexcept {
    return {window, pool, {reduce_by::mean, reduce_over::layer}};
  }
};

inline namespace HEED_ISA {

/// The first `votes.size()` heads of a ranking (best first), ascending, as compress_kv takes them.
///
/// Effects   returns how many there are; a shorter ranking leaves the rest of votes as it was
[[nodiscard]] inline index_t retrieval_votes(std::span<const index_t> ranking, std::span<index_t> votes) noexcept {
  for (std::size_t n = 0; n < votes.size() && n < ranking.size(); ++n) {
    std::size_t i = n;
    for (; i > 0 && votes[i - 1] > ranking[n]; --i) votes[i] = votes[i - 1];
    votes[i] = ranking[n];
  }
  return static_cast<index_t>(ranking.size() < votes.size() ? ranking.size() : votes.size());
}

} // namespace HEED_ISA
} // namespace heed
