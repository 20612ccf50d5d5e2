// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// RazorAttention: retrieval heads keep everything, the others keep sinks, recent tokens and one slot that stands for
// all that they dropped.
#include <heed/evict/cache_policy.hpp>
#include <heed/evict/head_pattern.hpp>

namespace heed {

/// One layer of it, by the kind of each key-value head (retrieval_heads makes them from echo and induction scores). The
/// cache folds what streaming heads drop into one slot: mean key, mean value and, as bias, ln of how many tokens it
/// stands for (slot_means in kv/slot_moves.hpp).
///
/// Shapes    kinds: [kv_heads]
/// Units     tokens. A budget is for the streaming heads: sinks + 1 + the local length
/// Laws      cache_policy; nothing is dropped up to local_length(tokens) + sinks tokens
/// Source    Tang et al. 2024, RazorAttention: 4 sinks, local length max(4000, tokens / 5)
struct razor_attention {
  std::span<const head_source> kinds = {};
  index_t sinks = 4, least_local = 4000, compression = 5;

  /// Recent tokens that a streaming head keeps of a sequence.
  [[nodiscard]] HEED_INLINE index_t local_length(index_t tokens) const noexcept {
    return greater(least_local, tokens / greater(1, compression));
  }
  /// The budget that this makes.
  [[nodiscard]] HEED_INLINE index_t budget_for(index_t tokens) const noexcept {
    return sinks + 1 + local_length(tokens);
  }
  [[nodiscard]] HEED_INLINE failure check(index_t, index_t kv_heads, index_t budget) const noexcept {
    if (static_cast<index_t>(kinds.size()) != kv_heads)
      return {errc::bad_extent,   "razor_attention", "number of kinds", static_cast<index_t>(kinds.size()),
              "the kv_heads are", kv_heads};
    if (sinks < 0) return {errc::bad_value, "razor_attention", "sinks", sinks, "the least is", 0};
    if (compression < 1) return {errc::bad_value, "razor_attention", "compression", compression, "the least is", 1};
    if (budget < sinks + 2)
      return {errc::bad_value, "razor_attention", "budget", budget, "sinks, compensation and one token are", sinks + 2};
    return {};
  }
  [[nodiscard]] HEED_INLINE bool streams(index_t kv_head) const noexcept {
    return kinds[static_cast<std::size_t>(kv_head)] == head_source::second;
  }
  [[nodiscard]] HEED_INLINE dropped_rows dropped(index_t kv_head) const noexcept {
    return streams(kv_head) ? dropped_rows::folded : dropped_rows::forgotten;
  }
  [[nodiscard]] HEED_INLINE failure allocate(const score_view& scores, index_t budget,
                                             std::span<index_t> budgets) const noexcept {
    if (const failure f = check(1, scores.kv_heads(), budget)) return f;
    for (index_t h = 0; h < scores.kv_heads(); ++h)
      budgets[static_cast<std::size_t>(h)] = streams(h) ? budget : scores.slots(h);
    return {};
  }
  [[nodiscard]] HEED_INLINE protect_ends protection() const noexcept { return {sinks, 0}; }
  [[nodiscard]] HEED_INLINE failure keep(const score_view& scores, std::span<const index_t> budgets,
                                         kept_lists& kept) const noexcept {
    if (const failure f = detail::check_heads(scores, budgets, kept)) return f;
    for (index_t h = 0; h < scores.kv_heads(); ++h) {
      const index_t slots = scores.slots(h), budget = budgets[static_cast<std::size_t>(h)];
      const index_t listed = budget >= slots ? slots : greater(budget - 1, sinks); // one is the compensation token
      if (const failure f = detail::keep_ends(h, slots, sinks, listed, kept)) return f;
    }
    return {};
  }
};

inline namespace HEED_ISA {

/// Which key-value heads are retrieval heads, ranked over all layers: the best `echo_share` by echo score and the best
/// `induction_share` by induction score, together. A key-value head has the score of its best query head; shares are
/// rounded to the nearest count, and ties go to the lower index.
///
/// Shapes    echo, induction: [layers * q_heads]; kinds: [layers * kv_heads], scratch at least as many
/// Requires  as many echo as induction scores, a multiple of the kinds; otherwise nothing is written
/// Source    Tang et al. 2024, RazorAttention; 0.01 and 0.14 as in its vendor's configuration
inline void retrieval_heads(std::span<const float> echo, std::span<const float> induction, double echo_share,
                            double induction_share, std::span<float> scratch, std::span<head_source> kinds) noexcept {
  const std::size_t heads = kinds.size(), group = heads > 0 ? echo.size() / heads : 0;
  if (group == 0 || echo.size() != group * heads || induction.size() != echo.size() || scratch.size() < heads) return;
  for (head_source& k : kinds) k = head_source::second;
  for (const bool second : {false, true}) {
    const std::span<const float> scores = second ? induction : echo;
    for (std::size_t h = 0; h < heads; ++h) {
      scratch[h] = scores[h * group];
      for (std::size_t i = 1; i < group; ++i)
        scratch[h] = scores[h * group + i] > scratch[h] ? scores[h * group + i] : scratch[h];
    }
    const double share = second ? induction_share : echo_share;
    const auto wanted = static_cast<index_t>(share * static_cast<double>(heads) + .5);
    for (std::size_t h = 0; h < heads; ++h)
      if (detail::heads_before(scratch.first(heads), h) < wanted) kinds[h] = head_source::first;
  }
}

} // namespace HEED_ISA
} // namespace heed
