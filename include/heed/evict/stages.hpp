// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The stages of an eviction, each a concept: observe and score, protect (protect.hpp), allocate, select, compact; and
// the policy, which is what an engine plugs in. testing/eviction_laws.hpp holds their laws as checks.
#include <heed/evict/kept_lists.hpp>
#include <heed/evict/protect.hpp>
#include <heed/evict/score_table.hpp>

namespace heed {

/// Splits `total` slots over the entries of `budgets` (layers, or heads of a layer).
/// Law: the entries are not negative and add up to `total` exactly, wherever the allocator's limits allow that at all.
template <class A>
concept budget_allocator = std::copyable<A> && requires(const A a, index_t total, std::span<index_t> budgets) {
  { a.allocate(total, budgets) }
  noexcept->std::same_as<failure>;
};

/// Says which slots of one sequence stay, from scores and a budget per key-value head: keep(scores, budgets, kept).
/// Laws: each list ascends strictly inside [0, slots); a budget of all slots keeps all; at most `budget` slots stay, or
/// as many as the policy protects if those are more; the same answer for the same arguments (no hidden state); NaN,
/// infinite, equal and negative scores change none of this.
template <class P>
concept eviction_policy = std::copyable<P> &&
    requires(const P p, const score_view& scores, std::span<const index_t> budgets, kept_lists& kept) {
  { p.keep(scores, budgets, kept) }
  noexcept->std::same_as<failure>;
};

/// A policy that says which slots it protects. Law: these are in every list.
template <class P>
concept protecting_policy = eviction_policy<P> && requires(const P p) {
  { p.protection() }
  noexcept->slot_protection;
};

/// A cache that drops slots and keeps its tokens' positions. per_head(): the heads of a sequence may keep different
/// slots; otherwise keep() drops the same slots of all heads.
/// Laws: slot i of the kept ones has the key, value, bias and position that slot slots[i] had; seen stays; keeping all
/// slots changes no bit; a refused call changes nothing. check_keep says beforehand whether keep would refuse.
template <class C>
concept evicting_cache = requires(C& c, const C& held, index_t seq, index_t kv_head, std::span<const index_t> slots) {
  { held.per_head() }
  noexcept->std::same_as<bool>;
  { held.slots(seq, kv_head) }
  noexcept->std::same_as<index_t>;
  { held.seen(seq) }
  noexcept->std::same_as<index_t>;
  { held.kv_heads() }
  noexcept->std::same_as<index_t>;
  { held.bytes_held() }
  noexcept->std::same_as<index_t>;
  { held.check_keep(seq, kv_head, slots) }
  noexcept->std::same_as<failure>;
  { c.keep(seq, kv_head, slots) }
  noexcept->std::same_as<failure>;
};

} // namespace heed
