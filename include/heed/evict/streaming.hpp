// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// StreamingLLM: the first tokens, which attention parks its weight on, and the last ones.
#include <heed/evict/cache_policy.hpp>

namespace heed {

/// The first `sinks` tokens and the last of the budget; sinks 0 is a plain window. Needs no scores and no state.
///
/// Units     tokens. A budget larger than sinks + recent is not used
/// Laws      cache_policy
/// Source    Xiao et al. 2023, StreamingLLM; 4 sinks, 512 recent tokens are its class default. There keys are stored
///           without rotation and get their place in the cache as position: rerotate (rope/rotate.hpp) does that
/// Deviation the source makes room before it appends, so that a query sees sinks + recent keys with its own; a driver
///           evicts after the attention, so that it sees one more
struct streaming {
  index_t sinks = 4, recent = 512;

  [[nodiscard]] HEED_INLINE failure check(index_t, index_t, index_t budget) const noexcept {
    if (sinks < 0) return {errc::bad_value, "streaming", "sinks", sinks, "the least is", 0};
    if (recent < 1) return {errc::bad_value, "streaming", "recent", recent, "the least is", 1};
    if (budget <= sinks) return {errc::bad_value, "streaming", "budget", budget, "but the sinks alone are", sinks};
    return {};
  }
  [[nodiscard]] HEED_INLINE failure allocate(const score_view&, index_t budget,
                                             std::span<index_t> budgets) const noexcept {
    return detail::same_budget(lesser(budget, sinks + recent), budgets);
  }
  [[nodiscard]] HEED_INLINE protect_ends protection() const noexcept { return {sinks, 0}; }
  [[nodiscard]] HEED_INLINE failure keep(const score_view& scores, std::span<const index_t> budgets,
                                         kept_lists& kept) const noexcept {
    if (const failure f = detail::check_heads(scores, budgets, kept)) return f;
    for (index_t h = 0; h < scores.kv_heads(); ++h) {
      const index_t budget = greater(budgets[static_cast<std::size_t>(h)], sinks);
      if (const failure f = detail::keep_ends(h, scores.slots(h), sinks, budget, kept)) return f;
    }
    return {};
  }
};

} // namespace heed
