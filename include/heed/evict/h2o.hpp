// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// H2O: heavy hitters, the tokens that gathered the most probability so far, and the recent ones.
#include <heed/evict/cache_policy.hpp>
#include <heed/evict/group_reduce.hpp>

namespace heed {

/// Per key-value head: the recent tokens, and of the others those with the highest running sum of probabilities over
/// all queries. A budget other than heavy + recent is split in the same proportion.
///
/// Units     tokens
/// Laws      scoring_policy; without eviction the sums of a head add up to the number of queries
/// Cost      a second pass over all queries and keys, half of the prompt's attention: every row counts, and its
///           probabilities are known only after its log-sum-exp
/// Source    Zhang et al. 2023, H2O; as many heavy as recent tokens, a tenth of the prompt each, or 1024 each
/// Deviation the source has no groups; here a group shares the mean of its heads
struct h2o {
  index_t heavy = 1024, recent = 1024;
  group_reduce reduce = {};

  [[nodiscard]] HEED_INLINE failure check(index_t, index_t, index_t budget) const noexcept {
    if (heavy < 0) return {errc::bad_value, "h2o", "heavy", heavy, "the least is", 0};
    if (recent < 0) return {errc::bad_value, "h2o", "recent", recent, "the least is", 0};
    if (heavy + recent < 1) return {errc::bad_value, "h2o", "heavy + recent", heavy + recent, "the least is", 1};
    if (budget < 1) return {errc::bad_value, "h2o", "budget", budget, "the least is", 1};
    return {};
  }
  [[nodiscard]] HEED_INLINE observed_rows observes() const noexcept { return {observed_rows::kind::every, 0, {}}; }
  HEED_INLINE void rescore(const tensor_view<float, 2>& sums, index_t q_heads,
                           const score_table& scores) const noexcept {
    reduce_groups(reduce, q_heads, {}, sums, scores, reduce_into::add);
  }
  [[nodiscard]] HEED_INLINE failure allocate(const score_view&, index_t budget,
                                             std::span<index_t> budgets) const noexcept {
    return detail::same_budget(budget, budgets);
  }
  /// Recent tokens of a budget; the rest is for the heavy ones.
  [[nodiscard]] HEED_INLINE index_t recent_of(index_t budget) const noexcept {
    const index_t all = greater(1, heavy + recent);
    return budget / all * recent + budget % all * recent / all;
  }
  [[nodiscard]] HEED_INLINE failure keep(const score_view& scores, std::span<const index_t> budgets,
                                         kept_lists& kept) const noexcept {
    if (const failure f = detail::check_heads(scores, budgets, kept)) return f;
    for (index_t h = 0; h < scores.kv_heads(); ++h) {
      const index_t budget = budgets[static_cast<std::size_t>(h)];
      const protect_ends ends{0, recent_of(budget)};
      if (const failure f = select_top(scores.row(h), ends, h, budget, kept)) return f;
    }
    return {};
  }
};

} // namespace heed
