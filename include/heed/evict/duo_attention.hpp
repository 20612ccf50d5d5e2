// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// DuoAttention: retrieval heads keep everything, streaming heads keep sinks and recent tokens.
#include <heed/evict/cache_policy.hpp>
#include <heed/evict/head_pattern.hpp>

namespace heed {

/// One layer of it, by the kind of each key-value head (binarise in head_pattern.hpp makes them from gates). Needs no
/// scores and no state. A cache built for it is head_split over a full cache and a ring; this policy makes the same of
/// any cache with lengths per head.
///
/// Shapes    kinds: [kv_heads]
/// Units     tokens. A budget is for the streaming heads; more than sinks + recent is not used
/// Laws      cache_policy
/// Source    Xiao et al. 2024, DuoAttention; deployed with 64 sinks and 256 recent tokens
/// Deviation a driver evicts after the attention, so that a step's query sees one key more in a streaming head
struct duo_attention {
  std::span<const head_source> kinds = {};
  index_t sinks = 64, recent = 256;

  [[nodiscard]] HEED_INLINE failure check(index_t, index_t kv_heads, index_t budget) const noexcept {
    if (static_cast<index_t>(kinds.size()) != kv_heads)
      return {errc::bad_extent,   "duo_attention", "number of kinds", static_cast<index_t>(kinds.size()),
              "the kv_heads are", kv_heads};
    if (sinks < 0) return {errc::bad_value, "duo_attention", "sinks", sinks, "the least is", 0};
    if (recent < 1) return {errc::bad_value, "duo_attention", "recent", recent, "the least is", 1};
    if (budget <= sinks) return {errc::bad_value, "duo_attention", "budget", budget, "but the sinks alone are", sinks};
    return {};
  }
  [[nodiscard]] HEED_INLINE bool streams(index_t kv_head) const noexcept {
    return kinds[static_cast<std::size_t>(kv_head)] == head_source::second;
  }
  [[nodiscard]] HEED_INLINE failure allocate(const score_view& scores, index_t budget,
                                             std::span<index_t> budgets) const noexcept {
    if (const failure f = check(1, scores.kv_heads(), budget)) return f;
    for (index_t h = 0; h < scores.kv_heads(); ++h)
      budgets[static_cast<std::size_t>(h)] = streams(h) ? lesser(budget, sinks + recent) : scores.slots(h);
    return {};
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
