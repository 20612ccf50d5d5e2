// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a cache driver asks of a policy: what it looks at, how that becomes scores, how a layer's budget is split over
// its heads, and which slots stay.
#include <heed/evict/select.hpp>
#include <heed/evict/stages.hpp>
#include <heed/kv/slot_moves.hpp>

namespace heed {

/// Which query rows a policy scores by, and of which query heads (empty: all). last: the newest rows, kept by the
/// driver until an eviction asks for them. every: all rows, summed as they come.
struct observed_rows {
  enum class kind : unsigned char { none, last, every };
  kind which = kind::none;
  index_t count = 0;
  std::span<const index_t> heads = {};
};

/// An eviction_policy of one layer that a driver can run. A small value; layers may have different ones.
///
/// check(q_heads, kv_heads, budget)    refuses parameters and budgets that can't work, before anything is seen
/// allocate(scores, budget, budgets)   budgets of the key-value heads, from the layer's budget in tokens per head
///
/// Laws      allocate takes every budget that check takes; the same answer for the same arguments
template <class P>
concept cache_policy = eviction_policy<P> &&
    requires(const P p, index_t n, const score_view& scores, std::span<index_t> budgets) {
  { p.check(n, n, n) }
  noexcept->std::same_as<failure>;
  { p.allocate(scores, n, budgets) }
  noexcept->std::same_as<failure>;
};

/// A cache_policy that scores. rescore(sums, q_heads, scores): sums[i][slot] are the probabilities of the observed rows
/// added up, i counting the observed heads, and may be overwritten; scores has a row of the right length per key-value
/// head.
///
/// Laws      budgets add up to heads * budget exactly; rescore writes its rows and no more; rows observed `last`
/// replace
///           the scores, rows observed `every` add to them
template <class P>
concept scoring_policy = cache_policy<P> &&
    requires(const P p, const tensor_view<float, 2>& sums, index_t q_heads, const score_table& scores) {
  { p.observes() }
  noexcept->std::same_as<observed_rows>;
  { p.rescore(sums, q_heads, scores) }
  noexcept->std::same_as<void>;
};

/// A cache_policy that lets the cache fold what some heads drop into one slot that stands for all of it. dropped(h):
/// what becomes of the rows that head h drops. That slot counts in the head's budget and is not listed.
template <class P>
concept folding_policy = cache_policy<P> && requires(const P p, index_t kv_head) {
  { p.dropped(kv_head) }
  noexcept->std::same_as<dropped_rows>;
};

namespace detail {
inline namespace HEED_ISA {

/// One budget for all heads.
inline failure same_budget(index_t budget, std::span<index_t> budgets) noexcept {
  for (index_t& b : budgets) b = budget;
  return {};
}
/// The first `sinks` slots of a head and its last ones, `budget` in all.
inline failure keep_ends(index_t kv_head, index_t slots, index_t sinks, index_t budget, kept_lists& kept) noexcept {
  const index_t stay = lesser(slots, greater(0, budget)), front = lesser(sinks, stay);
  if (stay > kept.max_slots())
    return {errc::limit_exceeded, "kept", "slots to keep", stay, "the lists have room for", kept.max_slots(), kv_head};
  kept.clear(kv_head);
  for (index_t i = 0; i < front; ++i) kept.push(kv_head, i);
  for (index_t i = slots - (stay - front); i < slots; ++i) kept.push(kv_head, i);
  return {};
}
/// Lists, budgets and scores of as many heads.
inline failure check_heads(const score_view& scores, std::span<const index_t> budgets,
                           const kept_lists& kept) noexcept {
  const auto given = static_cast<index_t>(budgets.size());
  if (given != scores.kv_heads())
    return {errc::bad_extent, "budgets", "number of entries", given, "the kv_heads are", scores.kv_heads()};
  if (kept.kv_heads() != scores.kv_heads())
    return {errc::bad_extent, "kept", "number of lists", kept.kv_heads(), "the kv_heads are", scores.kv_heads()};
  for (index_t h = 0; h < given; ++h)
    if (const index_t b = budgets[static_cast<std::size_t>(h)]; b < 0)
      return {errc::bad_value, "budgets", "tokens", b, "the least is", 0, h};
  return {};
}
/// Query heads that a policy names: ascending and there.
inline failure check_chosen(const char* policy, std::span<const index_t> heads, index_t q_heads) noexcept {
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const auto at = static_cast<index_t>(i);
    if (heads[i] < 0) return {errc::index_out_of_range, policy, "heads", heads[i], "the least is", 0, at};
    if (heads[i] >= q_heads)
      return {errc::index_out_of_range, policy, "heads", heads[i], "but the query heads are", q_heads, at};
    if (i > 0 && heads[i] <= heads[i - 1])
      return {errc::not_monotone, policy, "heads", heads[i], "entries ascend, and the one before is", heads[i - 1], at};
  }
  return {};
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
