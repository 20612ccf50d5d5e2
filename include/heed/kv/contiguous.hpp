// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Keys and values in two strided views: one sequence, a dense batch, or packed ragged sequences.
#include <heed/kv/checks.hpp>

namespace heed {

/// What a contiguous source may carry besides its two views. Lists and positions must outlive the source; they may
/// change in place between calls.
///
/// Shapes    offsets: [sequences + 1], rows of rank-3 views. lengths: [sequences]. positions: one per row, [tokens] or
///           [batch][tokens], shared by the heads. seen: [sequences]
/// Requires  offsets never descend and end within the views; lengths <= rows of their sequence; with slot_order::any
///           `seen` is given. Without `seen` it is the last position + 1
struct contiguous_layout {
  index_list offsets = {};
  index_list lengths = {};
  std::span<const index_t> positions = {};
  index_list seen = {};
  slot_order order = slot_order::ascending;
};

namespace detail {
inline namespace HEED_ISA {
/// What a layout may say about `batch` x `tokens` rows.
inline failure check_layout(const contiguous_layout& at, index_t sequences, index_t batch, index_t tokens) noexcept {
  const bool packed = sequences < 0 || !at.offsets.empty(), placed = at.positions.data() != nullptr;
  if (packed) {
    if (batch != 1) return {errc::bad_extent, "offsets", "batch extent of k", batch, "packed rows need", 1};
    if (const failure f = check_offsets("offsets", at.offsets, sequences, tokens)) return f;
  }
  if (!at.lengths.empty())
    if (const failure f = check_count("lengths", "number of entries", at.lengths.size(), sequences)) return f;
  if (!at.seen.empty())
    if (const failure f = check_count("seen", "number of entries", at.seen.size(), sequences)) return f;
  if (placed) {
    index_t all = 0;
    if (__builtin_mul_overflow(batch, tokens, &all))
      return {errc::size_overflow, "k", "number of rows", -1, "the limit is 2 to the power of", 63};
    const index_t given = count_of(at.positions);
    if (given < all) return {errc::bad_extent, "positions", "number of entries", given, "the rows are", all};
    if (at.order == slot_order::any && at.seen.empty() && sequences > 0)
      return {errc::bad_value, "seen", "number of entries", 0, "slot_order::any needs one per sequence:", sequences};
  }
  for (index_t s = 0; s < sequences; ++s) {
    const index_t room = packed ? at.offsets[s + 1] - at.offsets[s] : tokens;
    const index_t first = packed ? at.offsets[s] : s * tokens;
    const index_t n = at.lengths.empty() ? room : at.lengths[s];
    if (n < 0) return {errc::length_out_of_range, "lengths", "lengths", n, "the least is", 0, s};
    if (n > room) return {errc::length_out_of_range, "lengths", "lengths", n, "the rows are", room, s};
    const index_t least = placed ? 0 : n;
    if (!at.seen.empty() && at.seen[s] < least)
      return {errc::length_out_of_range, "seen", "seen", at.seen[s], "the least is", least, s};
    if (placed) {
      const index_t* p = at.positions.data() + first;
      index_t last = -1;
      const index_t seen = at.seen.empty() ? most_slots : at.seen[s];
      if (const failure f = check_positions("positions", p, n, seen, at.order, first, last)) return f;
    }
  }
  return {};
}
} // namespace HEED_ISA
} // namespace detail

/// Two views read in place. Alias: a value is a part of its key row, from value_offset on.
///
/// Laws      kv_source; check() ok: rows() stays inside the two views
/// Cost      O(1); locate O(log slots) with explicit positions
template <class K, class V, bool Alias = false> class contiguous_source {
public:
  using key_format = elements<K>;
  using value_format = elements<V>;
  static constexpr bool values_alias_keys = Alias;
  static constexpr bool equal_heads = true;

  /// [batch][tokens][kv_heads][dim]; front: leading axes that the caller's views do not have.
  HEED_INLINE contiguous_source(const tensor_view<const K, 4>& k, const tensor_view<const V, 4>& v, index_t front,
                                index_t sequences, const contiguous_layout& layout, index_t value_offset = 0) noexcept
      : k_(k), v_(v), layout_(layout), front_(front), sequences_(sequences), value_offset_(value_offset) {}

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept {
    return {sequences_, k_.extent(2), k_.extent(3), v_.extent(3), value_offset_};
  }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t) const noexcept {
    return layout_.lengths.empty() ? room(seq) : layout_.lengths[seq];
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept {
    if (!layout_.seen.empty()) return layout_.seen[seq];
    const index_t n = slots(seq, 0);
    return placed() && n > 0 ? layout_.positions[static_cast<std::size_t>(first_position(seq) + n - 1)] + 1 : n;
  }
  [[nodiscard]] HEED_INLINE bool ordered(index_t, index_t) const noexcept {
    return !placed() || layout_.order == slot_order::ascending;
  }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    const index_t n = slots(seq, kv_head);
    if (!placed()) return detail::clamp_to(position, n);
    return detail::lower_bound(layout_.positions.data() + first_position(seq), n, position);
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    const bool packed = !layout_.offsets.empty();
    const index_t batch = packed ? 0 : seq, row = (packed ? layout_.offsets[seq] : 0) + slots.begin;
    kv_rows r;
    r.key = detail::address(k_.data(), batch * k_.stride(0) + row * k_.stride(1) + kv_head * k_.stride(2));
    r.value = detail::address(v_.data(), batch * v_.stride(0) + row * v_.stride(1) + kv_head * v_.stride(2));
    r.key_stride = detail::bytes<K>(k_.stride(1));
    r.value_stride = detail::bytes<V>(v_.stride(1));
    r.count = slots.size();
    r.first = slots.begin;
    if (placed()) r.positions = layout_.positions.data() + first_position(seq) + slots.begin;
    return r;
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(k_)) || may_share(f, footprint_of(v_)) ||
           detail::any_shares(f, layout_.offsets, layout_.lengths, layout_.positions, layout_.seen);
  }
  [[nodiscard]] HEED_INLINE failure check() const noexcept { return check_all(*this); }
  [[nodiscard]] HEED_INLINE failure check(const call_extents&) const noexcept { return check_all(*this); }

private:
  [[nodiscard]] HEED_INLINE bool placed() const noexcept { return layout_.positions.data() != nullptr; }
  [[nodiscard]] HEED_INLINE index_t room(index_t seq) const noexcept {
    return layout_.offsets.empty() ? k_.extent(1) : layout_.offsets[seq + 1] - layout_.offsets[seq];
  }
  [[nodiscard]] HEED_INLINE index_t first_position(index_t seq) const noexcept {
    return layout_.offsets.empty() ? seq * k_.extent(1) : layout_.offsets[seq];
  }
  static HEED_INLINE failure check_all(const contiguous_source& s) noexcept {
    if (const failure f = detail::check_pair(s.k_, s.v_, s.front_)) return f;
    return detail::check_layout(s.layout_, s.sequences_, s.k_.extent(0), s.k_.extent(1));
  }

  tensor_view<const K, 4> k_;
  tensor_view<const V, 4> v_;
  contiguous_layout layout_;
  index_t front_, sequences_, value_offset_;
};

/// Keys and values as they lie: [tokens][kv_heads][dim] is one sequence, [batch][tokens][kv_heads][dim] a dense batch.
///
/// Shapes    k, v: equal but for the dim. Any strides: slices of a fused buffer, view(...).swapped(0, 1) for
///           [kv_heads][tokens][dim], stride 0 to repeat
/// Cost      O(1)
template <class TK, class TV, int Rank>
requires(Rank == 3 || Rank == 4) [[nodiscard]] HEED_INLINE
    auto contiguous(const tensor_view<TK, Rank>& k, const tensor_view<TV, Rank>& v,
                    const contiguous_layout& layout = {}) noexcept {
  const index_t sequences = !layout.offsets.empty() ? layout.offsets.size() - 1 : Rank == 4 ? k.extent(0) : 1;
  return contiguous_source<std::remove_const_t<TK>, std::remove_const_t<TV>>(detail::as_rank_4(k), detail::as_rank_4(v),
                                                                             4 - Rank, sequences, layout);
}

/// Packed ragged sequences: sequence s has the rows [offsets[s], offsets[s + 1]).
template <class TK, class TV>
[[nodiscard]] HEED_INLINE auto contiguous(const tensor_view<TK, 3>& k, const tensor_view<TV, 3>& v,
                                          const index_list& offsets) noexcept {
  contiguous_layout layout;
  layout.offsets = offsets;
  return contiguous_source<std::remove_const_t<TK>, std::remove_const_t<TV>>(detail::as_rank_4(k), detail::as_rank_4(v),
                                                                             1, offsets.size() - 1, layout);
}

static_assert(kv_source<contiguous_source<float, float>> && kv_source<contiguous_source<bf16, float, true>>);
static_assert(self_checking<contiguous_source<float, float>>);

} // namespace heed
