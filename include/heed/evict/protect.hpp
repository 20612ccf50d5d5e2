// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Which slots an eviction may not touch. Protection is an answer per slot, never a large score: a slot stays whatever
// the scores are (negative, equal, infinite, NaN).
#include <heed/concepts.hpp>

namespace heed {

/// protects(kv_head, slot, slots): whether the slot stays, of a head that holds `slots`.
/// Law: depends on nothing but its arguments.
template <class P>
concept slot_protection = std::copyable<P> && requires(const P p, index_t kv_head, index_t slot, index_t slots) {
  { p.protects(kv_head, slot, slots) }
  noexcept->std::same_as<bool>;
};

/// Nothing is protected.
struct unprotected {
  [[nodiscard]] HEED_INLINE bool protects(index_t, index_t slot, index_t slots) const noexcept { return slot >= slots; }
};

/// The first slots and the last ones. While sinks and the window were protected since the start, slots in front are the
/// first tokens and slots at the end the newest ones.
///
/// Units     slots
struct protect_ends {
  index_t sinks = 0, recent = 0;
  [[nodiscard]] HEED_INLINE bool protects(index_t, index_t slot, index_t slots) const noexcept {
    return slot < sinks || slot >= slots - recent;
  }
};

/// Slots by name: bit slot % 64 of words[kv_head * words_each + slot / 64]; slots beyond the words are free.
///
/// Shapes    words: [kv_heads][words_each]; words_each 0: one list of all the words serves every head
struct protect_bits {
  std::span<const std::uint64_t> words = {};
  index_t words_each = 0;
  [[nodiscard]] HEED_INLINE bool protects(index_t kv_head, index_t slot, index_t) const noexcept {
    const index_t n = words_each > 0 ? words_each : static_cast<index_t>(words.size());
    if (slot / 64 >= n) return false;
    const index_t word = (words_each > 0 ? kv_head * words_each : 0) + slot / 64;
    return (words[static_cast<std::size_t>(word)] >> (slot % 64) & 1u) != 0;
  }
};

/// What either protects.
template <slot_protection A, slot_protection B> struct protect_either {
  A a;
  B b;
  [[nodiscard]] HEED_INLINE bool protects(index_t kv_head, index_t slot, index_t slots) const noexcept {
    return a.protects(kv_head, slot, slots) || b.protects(kv_head, slot, slots);
  }
};
template <slot_protection A, slot_protection B>
[[nodiscard]] HEED_INLINE protect_either<A, B> operator|(const A& a, const B& b) noexcept {
  return {a, b};
}

/// Slots of a head that are protected.
template <slot_protection P>
[[nodiscard]] HEED_INLINE index_t count_protected(const P& p, index_t kv_head, index_t slots) noexcept {
  index_t n = 0;
  for (index_t i = 0; i < slots; ++i) n += p.protects(kv_head, i, slots) ? 1 : 0;
  return n;
}

static_assert(slot_protection<unprotected> && slot_protection<protect_ends> && slot_protection<protect_bits>);
static_assert(slot_protection<protect_either<protect_ends, protect_bits>>);

} // namespace heed
