// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Some slots of another source, listed per sequence or per key-value head.
#include <heed/kv/checks.hpp>

namespace heed {

/// Lists of slots of the base: one per sequence, shared by its heads, or one per (sequence, kv head), numbered
/// seq * kv_heads + kv_head. Compressed lists have offsets, dense ones a width. -1 is a hole that nothing reads.
///
/// Shapes    compressed: offsets [lists + 1], indices [offsets.back()]. dense: indices [lists][width], lengths [lists]
///           or empty (all of the width). base_sequence: [sequences], which sequence of the base each one reads; empty:
///           its own number
/// Requires  indices < slots of the base. order ascending: strictly so, holes only at the end of a list
/// Source    dense with holes: FlashMLA's and DeepSeek-V3.2's top-k indices, where each token is a sequence
struct gather_lists {
  enum class per : unsigned char { sequence, kv_head };
  per list_per = per::sequence;
  index_list indices = {}, offsets = {};
  index_t width = 0;
  index_list lengths = {}, base_sequence = {};
  slot_order order = slot_order::any;
};

/// The base's rows in the order of a list. For physical rows of a pool take the pool as one contiguous base. A list
/// that names a slot twice counts it twice.
///
/// Laws      kv_source if no list names a slot twice; a list of all slots equals the base
/// Cost      O(1) per row of a stretch; indices that go up by one are read together, at most 64
template <kv_source Base> class gathered_source {
public:
  using key_format = typename Base::key_format;
  using value_format = typename Base::value_format;
  static constexpr bool values_alias_keys = Base::values_alias_keys;

  HEED_INLINE gathered_source(const Base& base, const gather_lists& lists) noexcept : base_(base), at_(lists) {}

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept {
    kv_dims d = base_.dims();
    if (!at_.base_sequence.empty()) d.sequences = at_.base_sequence.size();
    return d;
  }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return base_.keys_as(); }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return base_.values_as(); }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return length(list(seq, kv_head));
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return base_.seen(from(seq)); }
  [[nodiscard]] HEED_INLINE bool ordered(index_t seq, index_t kv_head) const noexcept {
    return at_.order == slot_order::ascending && base_.ordered(from(seq), kv_head);
  }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    const index_t wanted = base_.locate(from(seq), kv_head, position), l = list(seq, kv_head), start = first(l);
    index_t begin = 0, end = length(l);
    while (begin < end) {
      const index_t middle = begin + (end - begin) / 2, slot = at_.indices[start + middle];
      if (slot >= 0 && slot < wanted)
        begin = middle + 1;
      else
        end = middle;
    }
    return begin;
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    constexpr index_t most_joined = 64;
    const index_t start = first(list(seq, kv_head)) + slots.begin, slot = at_.indices[start];
    const index_t most = lesser(slots.size(), most_joined), step = slot < 0 ? 0 : 1;
    index_t n = 1;
    while (n < most && (step == 0 ? at_.indices[start + n] < 0 : at_.indices[start + n] == slot + n)) ++n;
    if (step == 1) return base_.rows(from(seq), kv_head, {slot, slot + n});
    kv_rows hole;
    hole.count = n;
    hole.first = slots.begin;
    return hole;
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::touches(base_, f) || detail::any_shares(f, at_.indices, at_.offsets, at_.lengths, at_.base_sequence);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_base(base_, e)) return f;
    return check_lists(*this);
  }
  [[nodiscard]] HEED_INLINE failure check() const noexcept { return check(call_extents{}); }

private:
  [[nodiscard]] HEED_INLINE bool per_head() const noexcept { return at_.list_per == gather_lists::per::kv_head; }
  [[nodiscard]] HEED_INLINE index_t from(index_t seq) const noexcept {
    return at_.base_sequence.empty() ? seq : at_.base_sequence[seq];
  }
  [[nodiscard]] HEED_INLINE index_t list(index_t seq, index_t kv_head) const noexcept {
    return per_head() ? seq * base_.dims().kv_heads + kv_head : seq;
  }
  [[nodiscard]] HEED_INLINE index_t first(index_t list) const noexcept {
    return at_.offsets.empty() ? list * at_.width : at_.offsets[list];
  }
  [[nodiscard]] HEED_INLINE index_t length(index_t list) const noexcept {
    if (!at_.lengths.empty()) return at_.lengths[list];
    return at_.offsets.empty() ? at_.width : at_.offsets[list + 1] - at_.offsets[list];
  }
  static HEED_INLINE failure check_lists(const gathered_source& g) noexcept;

  Base base_;
  gather_lists at_;
};

namespace detail {
inline namespace HEED_ISA {

/// Counts, offsets and lengths of `lists` lists.
inline failure check_gather_shape(const gather_lists& at, index_t lists) noexcept {
  if (!at.offsets.empty()) {
    if (const failure f = check_offsets("gathered", at.offsets, lists, at.indices.size())) return f;
  } else {
    index_t entries = 0;
    if (at.width < 0) return {errc::bad_extent, "gathered", "width", at.width, "the least is", 0};
    if (__builtin_mul_overflow(lists, at.width, &entries))
      return {errc::size_overflow, "gathered", "width", at.width, "too large for this number of lists:", lists};
    if (at.indices.size() < entries)
      return {errc::bad_extent, "gathered", "number of indices", at.indices.size(), "lists * width is", entries};
  }
  if (at.lengths.empty()) return {};
  if (const failure f = check_count("gathered", "number of lengths", at.lengths.size(), lists)) return f;
  for (index_t l = 0; l < lists; ++l) {
    const index_t room = at.offsets.empty() ? at.width : at.offsets[l + 1] - at.offsets[l], n = at.lengths[l];
    if (n < 0) return {errc::length_out_of_range, "gathered", "lengths", n, "the least is", 0, l};
    if (n > room) return {errc::length_out_of_range, "gathered", "lengths", n, "the list has", room, l};
  }
  return {};
}

/// n entries from `start` on, each -1 or below `base_slots`, in the promised order.
inline failure check_gather_list(const gather_lists& at, index_t start, index_t n, index_t base_slots) noexcept {
  index_t last = -1;
  bool ended = false;
  for (index_t i = start; i < start + n; ++i) {
    const index_t slot = at.indices[i];
    if (slot < -1) return {errc::index_out_of_range, "gathered", "indices", slot, "the least is (a hole)", -1, i};
    if (slot >= base_slots)
      return {errc::index_out_of_range, "gathered", "indices", slot, "the slots of the base are", base_slots, i};
    if (at.order == slot_order::any) continue;
    if (slot >= 0 && (ended || slot <= last))
      return {errc::not_monotone, "gathered", "indices", slot, ended ? "behind a hole it must be" : "it must be above",
              ended ? -1 : last,  i};
    ended = slot < 0;
    last = slot;
  }
  return {};
}

} // namespace HEED_ISA
} // namespace detail

template <kv_source Base> HEED_INLINE failure gathered_source<Base>::check_lists(const gathered_source& g) noexcept {
  const kv_dims base = g.base_.dims();
  const index_list& from = g.at_.base_sequence;
  for (index_t s = 0; s < from.size(); ++s) {
    if (from[s] < 0) return {errc::index_out_of_range, "gathered", "base_sequence", from[s], "the least is", 0, s};
    if (from[s] >= base.sequences)
      return {errc::index_out_of_range, "gathered", "base_sequence", from[s], "but the base has", base.sequences, s};
  }
  const index_t sequences = g.dims().sequences;
  index_t lists = sequences;
  if (g.per_head() && __builtin_mul_overflow(sequences, base.kv_heads, &lists))
    return {errc::size_overflow, "gathered", "sequences", sequences, "too many for heads:", base.kv_heads};
  if (const failure f = detail::check_gather_shape(g.at_, lists)) return f;
  for (index_t s = 0; s < sequences; ++s)
    for (index_t h = 0; h < base.kv_heads; ++h) {
      const index_t l = g.list(s, h);
      if (const failure f = detail::check_gather_list(g.at_, g.first(l), g.length(l), g.base_.slots(g.from(s), h)))
        return f;
    }
  return {};
}

/// gathered(base, {.indices = top_k, .width = 2048}).
template <kv_source Base>
[[nodiscard]] HEED_INLINE gathered_source<Base> gathered(const Base& base, const gather_lists& lists) noexcept {
  return {base, lists};
}

} // namespace heed
