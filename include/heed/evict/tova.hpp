// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// TOVA: after each token, the layer keeps what the newest query looks at.
#include <heed/evict/cache_policy.hpp>
#include <heed/evict/group_reduce.hpp>

namespace heed {

/// The tokens with the highest mean probability, over all heads of the layer, of the newest query: the same for all
/// key-value heads. No state.
///
/// Units     budgets in tokens. recent: the newest that are protected
/// Laws      scoring_policy; heads keep the same slots
/// Source    Oren et al. 2024, TOVA; there the newest token is not protected
struct tova {
  index_t recent = 0;

  [[nodiscard]] HEED_INLINE failure check(index_t, index_t, index_t budget) const noexcept {
    if (recent < 0) return {errc::bad_value, "tova", "recent", recent, "the least is", 0};
    if (budget < greater(1, recent))
      return {errc::bad_value, "tova", "budget", budget, "the least is", greater(1, recent)};
    return {};
  }
  [[nodiscard]] HEED_INLINE observed_rows observes() const noexcept { return {observed_rows::kind::last, 1, {}}; }
  HEED_INLINE void rescore(const tensor_view<float, 2>& sums, index_t q_heads,
                           const score_table& scores) const noexcept {
    reduce_groups({reduce_by::mean, reduce_over::layer}, q_heads, {}, sums, scores);
  }
  [[nodiscard]] HEED_INLINE failure allocate(const score_view&, index_t budget,
                                             std::span<index_t> budgets) const noexcept {
    return detail::same_budget(budget, budgets);
  }
  [[nodiscard]] HEED_INLINE protect_ends protection() const noexcept { return {0, recent}; }
  [[nodiscard]] HEED_INLINE failure keep(const score_view& scores, std::span<const index_t> budgets,
                                         kept_lists& kept) const noexcept {
    return select_top(scores, protection(), budgets, kept);
  }
};

} // namespace heed
