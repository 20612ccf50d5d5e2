// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The last stage of an eviction: a cache drops what the lists do not name, and per-slot state moves along.
#include <heed/evict/stages.hpp>
#include <heed/kv/list_cache.hpp>

namespace heed {

/// Something with an entry per slot that moves as the cache's slots move: a score_table.
template <class S>
concept slot_state = requires(S& s, index_t kv_head, std::span<const index_t> slots) {
  { s.slots(kv_head) }
  noexcept->std::same_as<index_t>;
  { s.keep(kv_head, slots) }
  noexcept->std::same_as<failure>;
};

namespace detail {
inline namespace HEED_ISA {

/// Heads that share a list must keep the same slots.
inline failure check_equal_lists(const kept_lists& kept) noexcept {
  for (index_t h = 1; h < kept.kv_heads(); ++h) {
    const auto a = kept.list(0), b = kept.list(h);
    if (a.size() != b.size())
      return {errc::bad_value, "kept", "slots", kept.count(h), "but the heads share a list of", kept.count(0), h};
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i]) return {errc::bad_value, "kept", "slots", b[i], "but the heads share a list with", a[i], h};
  }
  return {};
}

template <class C> failure check_compact(const C& cache, index_t seq, const kept_lists& kept) noexcept {
  if (kept.kv_heads() != cache.kv_heads())
    return {errc::bad_extent, "kept", "number of lists", kept.kv_heads(), "the kv_heads are", cache.kv_heads()};
  if (!cache.per_head())
    if (const failure f = check_equal_lists(kept)) return f;
  for (index_t h = 0; h < kept.kv_heads(); ++h)
    if (const failure f = cache.check_keep(seq, h, kept.list(h))) return f;
  return {};
}

template <class S, class C> failure check_state(const S& state, const C& cache, index_t seq) noexcept {
  for (index_t h = 0; h < cache.kv_heads(); ++h)
    if (state.slots(h) != cache.slots(seq, h))
      return {errc::bad_extent, "state", "slots", state.slots(h), "but the cache holds", cache.slots(seq, h), h};
  return {};
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Keeps the listed slots of a sequence, in place: rows, positions and biases move to the front, freed pages go back to
/// their pool, and each state keeps the same entries.
///
/// Requires  a list per kv head; equal lists where the heads of the cache share one; states as long as the cache
/// Laws      attention over the cache equals attention over the cache before with -inf on what was dropped; lists of
///           all slots change no bit; a refused call changes nothing
/// Cost      O(rows moved); allocates nothing
template <evicting_cache C, slot_state... State>
[[nodiscard]] failure compact(C& cache, index_t seq, const kept_lists& kept, State&... state) noexcept {
  failure f = detail::check_compact(cache, seq, kept);
  ((f = f ? f : detail::check_state(state, cache, seq)), ...);
  if (f) return f;
  const index_t lists = cache.per_head() ? kept.kv_heads() : 1;
  for (index_t h = 0; h < kept.kv_heads() && !f; ++h) {
    if (h < lists) f = cache.keep(seq, h, kept.list(h));
    ((f = f ? f : state.keep(h, kept.list(h))), ...);
  }
  return f;
}

/// As compact, but what is dropped becomes part of each head's compensated slot: its key and value are the means of all
/// rows folded so far, its bias the logarithm of their number. One slot more than listed stays.
///
/// Requires  a cache with slot_means and a bias per slot
/// Laws      if all dropped keys of a head are equal, attention equals that before
/// Source    Tang et al. 2024, RazorAttention
template <evicting_cache C>
requires requires(C& c, std::span<const index_t> s) { c.keep(0, 0, s, dropped_rows::folded); }
[[nodiscard]] failure compact_folding(C& cache, index_t seq, const kept_lists& kept) noexcept {
  if (const failure f = detail::check_compact(cache, seq, kept)) return f;
  const index_t lists = cache.per_head() ? kept.kv_heads() : 1;
  for (index_t h = 0; h < lists; ++h)
    if (const failure f = cache.keep(seq, h, kept.list(h), dropped_rows::folded)) return f;
  return {};
}

} // namespace HEED_ISA
} // namespace heed
