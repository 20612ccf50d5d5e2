// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Key-value heads of one sequence that hold different numbers of rows, in one flat buffer.
#include <heed/kv/checks.hpp>

namespace heed {

/// Where the rows of each (sequence, kv head) lie: list seq * kv_heads + kv_head holds the rows from offsets[list] on,
/// lengths[list] of them, or all up to offsets[list + 1].
///
/// Shapes    offsets: [sequences * kv_heads + 1]; lengths: [sequences * kv_heads]; positions, bias: [rows]; seen:
///           [sequences]
/// Units     bias: natural logarithm; -inf: the slot is skipped
/// Requires  offsets never descend; lengths fit between them; with slot_order::any `seen` is given. Without `seen` it
///           is one past the last position
/// Source    layout: Feng et al. 2024, Ada-KV; Kim et al. 2025, KVzip
struct ragged_heads_layout {
  index_t kv_heads = 0;
  index_list offsets = {}, lengths = {};
  std::span<const index_t> positions = {};
  index_list seen = {};
  slot_order order = slot_order::ascending;
  std::span<const float> bias = {};
};

namespace detail {
inline namespace HEED_ISA {
inline failure check_ragged(const ragged_heads_layout& at, index_t rows) noexcept {
  const bool placed = at.positions.data() != nullptr;
  if (at.kv_heads < 1) return {errc::bad_extent, "ragged_heads", "kv_heads", at.kv_heads, "the least is", 1};
  const index_t lists = at.offsets.size() - 1, sequences = lists / at.kv_heads;
  if (lists < 0 || lists % at.kv_heads != 0)
    return {errc::bad_extent, "offsets", "number of offsets", lists + 1, "it must be 1 more than a multiple of",
            at.kv_heads};
  if (const failure f = check_offsets("offsets", at.offsets, lists, rows)) return f;
  if (!at.lengths.empty())
    if (const failure f = check_count("lengths", "number of entries", at.lengths.size(), lists)) return f;
  if (!at.seen.empty())
    if (const failure f = check_count("seen", "number of entries", at.seen.size(), sequences)) return f;
  const index_t given = count_of(at.positions);
  if (placed && given < rows) return {errc::bad_extent, "positions", "number of entries", given, "the rows are", rows};
  if (at.bias.data() != nullptr && count_of(at.bias) < rows)
    return {errc::bad_extent, "bias", "number of entries", count_of(at.bias), "the rows are", rows};
  if (placed && at.order == slot_order::any && at.seen.empty() && sequences > 0)
    return {errc::bad_value, "seen", "number of entries", 0, "slot_order::any needs one per sequence:", sequences};
  for (index_t l = 0; l < lists; ++l) {
    const index_t first = at.offsets[l], room = at.offsets[l + 1] - first;
    const index_t n = at.lengths.empty() ? room : at.lengths[l];
    if (n < 0) return {errc::length_out_of_range, "lengths", "lengths", n, "the least is", 0, l};
    if (n > room) return {errc::length_out_of_range, "lengths", "lengths", n, "the rows are", room, l};
    const index_t s = l / at.kv_heads, seen = at.seen.empty() ? most_slots : at.seen[s], least = placed ? 0 : n;
    if (seen < least) return {errc::length_out_of_range, "seen", "seen", seen, "the least is", least, s};
    index_t last = -1;
    if (placed)
      if (const failure f = check_positions("positions", at.positions.data() + first, n, seen, at.order, first, last))
        return f;
  }
  return {};
}
} // namespace HEED_ISA
} // namespace detail

/// Rows [rows][dim] cut into one stretch per (sequence, kv head).
///
/// Laws      kv_source; check() ok: rows() stays inside the views
/// Cost      O(1); locate O(log slots) with explicit positions
template <class K, class V, bool Alias = false> class ragged_heads_source {
public:
  using key_format = elements<K>;
  using value_format = elements<V>;
  static constexpr bool values_alias_keys = Alias;

  /// Views: [1][rows][1][dim].
  HEED_INLINE ragged_heads_source(const tensor_view<const K, 4>& k, const tensor_view<const V, 4>& v,
                                  const ragged_heads_layout& layout, index_t value_offset = 0) noexcept
      : k_(k), v_(v), layout_(layout), value_offset_(value_offset) {}

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept {
    const index_t heads = layout_.kv_heads;
    return {heads > 0 ? (layout_.offsets.size() - 1) / heads : 0, heads, k_.extent(3), v_.extent(3), value_offset_};
  }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    const index_t l = list(seq, kv_head);
    return layout_.lengths.empty() ? layout_.offsets[l + 1] - layout_.offsets[l] : layout_.lengths[l];
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept {
    if (!layout_.seen.empty()) return layout_.seen[seq];
    index_t most = 0;
    for (index_t h = 0; h < layout_.kv_heads; ++h) {
      const index_t n = slots(seq, h);
      most = greater(most, placed() && n > 0 ? positions(seq, h)[n - 1] + 1 : n);
    }
    return most;
  }
  [[nodiscard]] HEED_INLINE bool ordered(index_t, index_t) const noexcept {
    return !placed() || layout_.order == slot_order::ascending;
  }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    const index_t n = slots(seq, kv_head);
    return placed() ? detail::lower_bound(positions(seq, kv_head), n, position) : detail::clamp_to(position, n);
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    const index_t row = layout_.offsets[list(seq, kv_head)] + slots.begin;
    kv_rows r;
    r.key = detail::address(k_.data(), row * k_.stride(1));
    r.value = detail::address(v_.data(), row * v_.stride(1));
    r.key_stride = detail::bytes<K>(k_.stride(1));
    r.value_stride = detail::bytes<V>(v_.stride(1));
    r.count = slots.size();
    r.first = slots.begin;
    if (placed()) r.positions = layout_.positions.data() + row;
    if (layout_.bias.data() != nullptr) r.bias = layout_.bias.data() + row;
    return r;
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    failure f = detail::check_pair(k_, v_, 1);
    if (f.at == 2) f.at = 1; // the caller's views have two axes
    return f ? f : detail::check_ragged(layout_, k_.extent(1));
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(k_)) || may_share(f, footprint_of(v_)) ||
           detail::any_shares(f, layout_.offsets, layout_.lengths, layout_.positions, layout_.seen, layout_.bias);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents&) const noexcept { return check(); }

private:
  [[nodiscard]] HEED_INLINE bool placed() const noexcept { return layout_.positions.data() != nullptr; }
  [[nodiscard]] HEED_INLINE index_t list(index_t seq, index_t kv_head) const noexcept {
    return seq * layout_.kv_heads + kv_head;
  }
  [[nodiscard]] HEED_INLINE const index_t* positions(index_t seq, index_t kv_head) const noexcept {
    return layout_.positions.data() + layout_.offsets[list(seq, kv_head)];
  }

  tensor_view<const K, 4> k_;
  tensor_view<const V, 4> v_;
  ragged_heads_layout layout_;
  index_t value_offset_;
};

/// k, v: [rows][dim], all heads in one buffer.
template <class TK, class TV>
[[nodiscard]] HEED_INLINE auto ragged_heads(const tensor_view<TK, 2>& k, const tensor_view<TV, 2>& v,
                                            const ragged_heads_layout& layout) noexcept {
  return ragged_heads_source<std::remove_const_t<TK>, std::remove_const_t<TV>>(
      detail::as_rank_4(k).swapped(1, 2), detail::as_rank_4(v).swapped(1, 2), layout);
}

static_assert(kv_source<ragged_heads_source<float, float>> && self_checking<ragged_heads_source<float, float>>);

} // namespace heed
