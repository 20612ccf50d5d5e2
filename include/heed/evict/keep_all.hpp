// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// No eviction: what other policies are measured against, behind the same door.
#include <heed/evict/cache_policy.hpp>

namespace heed {

/// Every slot stays, whatever the budget: all are protected.
struct keep_all {
  [[nodiscard]] HEED_INLINE failure check(index_t, index_t, index_t) const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE failure allocate(const score_view& scores, index_t,
                                             std::span<index_t> budgets) const noexcept {
    for (index_t h = 0; h < scores.kv_heads(); ++h) budgets[static_cast<std::size_t>(h)] = scores.slots(h);
    return {};
  }
  [[nodiscard]] HEED_INLINE protect_ends protection() const noexcept { return {detail::most_slots, 0}; }
  [[nodiscard]] HEED_INLINE failure keep(const score_view& scores, std::span<const index_t> budgets,
                                         kept_lists& kept) const noexcept {
    if (const failure f = detail::check_heads(scores, budgets, kept)) return f;
    for (index_t h = 0; h < scores.kv_heads(); ++h)
      if (const failure f = detail::keep_ends(h, scores.slots(h), 0, scores.slots(h), kept)) return f;
    return {};
  }
};

} // namespace heed
