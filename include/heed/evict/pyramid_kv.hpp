// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// PyramidKV: SnapKV's scores with budgets that fall from layer to layer.
#include <heed/evict/window_scores.hpp>

namespace heed {

/// One layer of it; pyramid_layers (layer_budget.hpp) gives the layers their budgets.
///
/// Units     window in tokens, budgets include it
/// Laws      scoring_policy
/// Source    Cai et al. 2024, PyramidKV; window 8 and maximum pooling of 7 as in the authors' runs
struct pyramid_kv {
  index_t window = 8;
  pooling pool = {pooling::kind::maximum, 7};
  group_reduce reduce = {};

  [[nodiscard]] HEED_INLINE failure check(index_t, index_t, index_t budget) const noexcept {
    return scoring().check("pyramid_kv", budget, 0); // the tip of a small pyramid is the window alone
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
