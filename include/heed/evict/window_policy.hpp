// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What SnapKV and PyramidKV are in one layer: each key-value head keeps the window, and what its queries look at.
#include <heed/evict/window_scores.hpp>

namespace heed {

/// The window's tokens, and of the prefix those with the highest pooled sum of the window's probabilities.
///
/// Method    name: in messages; window, pool: the source's; beside: tokens that the least budget holds beside the
/// window Units     window in tokens, budgets include it Laws      scoring_policy Deviation the sources score query
/// heads of an expanded cache; here a group shares the mean of its heads' scores
template <class Method> struct window_policy {
  index_t window = Method::window;
  pooling pool = Method::pool;
  group_reduce reduce = {};

  [[nodiscard]] HEED_INLINE failure check(index_t, index_t, index_t budget) const noexcept {
    return scoring().check(Method::name, budget, Method::beside);
  }
  [[nodiscard]] HEED_INLINE observed_rows observes() const noexcept { return {observed_rows::kind::last, window, {}}; }
  HEED_INLINE void rescore(const tensor_view<float, 2>& sums, index_t q_heads,
                           const score_table& scores) const noexcept {
    finish_window_scores(scoring(), q_heads, {}, sums, scores);
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
  [[nodiscard]] HEED_INLINE window_scores scoring() const noexcept { return {window, pool, reduce}; }
};

} // namespace heed
