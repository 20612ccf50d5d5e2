// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Two strided views of which each key-value head uses its own number of rows, as eviction in place leaves them.
#include <heed/kv/checks.hpp>

namespace heed {

/// What a head's rows are: list seq * kv_heads + kv_head has lengths[list] of them, in front.
///
/// Shapes    lengths: [sequences * kv_heads]; positions, bias: [sequences][kv_heads][rows], or empty: positions 0, 1,
///           ..., no bias. seen: [sequences]
/// Units     bias: natural logarithm; -inf: the slot is skipped
/// Requires  lengths <= rows; with slot_order::any `seen` is given. Without `seen` it is one past the last position
struct contiguous_heads_layout {
  index_list lengths = {};
  std::span<const index_t> positions = {};
  std::span<const float> bias = {};
  index_list seen = {};
  slot_order order = slot_order::ascending;
};

namespace detail {
inline namespace HEED_ISA {
inline failure check_heads_layout(const contiguous_heads_layout& at, index_t sequences, index_t heads,
                                  index_t room) noexcept {
  const bool placed = at.positions.data() != nullptr, weighed = at.bias.data() != nullptr;
  index_t lists = 0, rows = 0;
  if (__builtin_mul_overflow(sequences, heads, &lists) || __builtin_mul_overflow(lists, room, &rows))
    return {errc::size_overflow, "k", "number of rows", -1, "the limit is 2 to the power of", 63};
  if (const failure f = check_count("lengths", "number of entries", at.lengths.size(), lists)) return f;
  if (placed && count_of(at.positions) < rows)
    return {errc::bad_extent, "positions", "number of entries", count_of(at.positions), "the rows are", rows};
  if (weighed && count_of(at.bias) < rows)
    return {errc::bad_extent, "bias", "number of entries", count_of(at.bias), "the rows are", rows};
  if (!at.seen.empty())
    if (const failure f = check_count("seen", "number of entries", at.seen.size(), sequences)) return f;
  if (placed && at.order == slot_order::any && at.seen.empty() && sequences > 0)
    return {errc::bad_value, "seen", "number of entries", 0, "slot_order::any needs one per sequence:", sequences};
  for (index_t l = 0; l < lists; ++l) {
    const index_t n = at.lengths[l], s = l / heads;
    if (n < 0) return {errc::length_out_of_range, "lengths", "lengths", n, "the least is", 0, l};
    if (n > room) return {errc::length_out_of_range, "lengths", "lengths", n, "the rows are", room, l};
    const index_t seen = at.seen.empty() ? most_slots : at.seen[s], least = placed ? 0 : n;
    if (seen < least) return {errc::length_out_of_range, "seen", "seen", seen, "the least is", least, s};
    index_t last = -1;
    if (placed)
      if (const failure f =
              check_positions("positions", at.positions.data() + l * room, n, seen, at.order, l * room, last))
        return f;
  }
  return {};
}
} // namespace HEED_ISA
} // namespace detail

/// Rows [sequences][rows][kv_heads][dim], of which each head uses the first lengths[list].
///
/// Laws      kv_source; equal lengths and no positions: as contiguous; check() ok: rows() stays inside the views
/// Cost      O(1); locate O(log slots) with explicit positions
template <class K, class V> class contiguous_heads_source {
public:
  using key_format = elements<K>;
  using value_format = elements<V>;
  static constexpr bool values_alias_keys = false;

  HEED_INLINE contiguous_heads_source(const tensor_view<const K, 4>& k, const tensor_view<const V, 4>& v,
                                      const contiguous_heads_layout& layout) noexcept
      : k_(k), v_(v), at_(layout) {}

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept {
    return {k_.extent(0), k_.extent(2), k_.extent(3), v_.extent(3), 0};
  }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return at_.lengths[list(seq, kv_head)];
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept {
    if (!at_.seen.empty()) return at_.seen[seq];
    index_t most = 0;
    for (index_t h = 0; h < k_.extent(2); ++h) {
      const index_t n = slots(seq, h);
      most = greater(most, placed() && n > 0 ? positions(seq, h)[n - 1] + 1 : n);
    }
    return most;
  }
  [[nodiscard]] HEED_INLINE bool ordered(index_t, index_t) const noexcept {
    return !placed() || at_.order == slot_order::ascending;
  }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    const index_t n = slots(seq, kv_head);
    return placed() ? detail::lower_bound(positions(seq, kv_head), n, position) : detail::clamp_to(position, n);
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots) const noexcept {
    kv_rows r;
    r.key = detail::address(k_.data(), seq * k_.stride(0) + slots.begin * k_.stride(1) + kv_head * k_.stride(2));
    r.value = detail::address(v_.data(), seq * v_.stride(0) + slots.begin * v_.stride(1) + kv_head * v_.stride(2));
    r.key_stride = detail::bytes<K>(k_.stride(1));
    r.value_stride = detail::bytes<V>(v_.stride(1));
    r.count = slots.size();
    r.first = slots.begin;
    if (placed()) r.positions = positions(seq, kv_head) + slots.begin;
    if (at_.bias.data() != nullptr) r.bias = at_.bias.data() + list(seq, kv_head) * k_.extent(1) + slots.begin;
    return r;
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(k_)) || may_share(f, footprint_of(v_)) ||
           detail::any_shares(f, at_.lengths, at_.positions, at_.bias, at_.seen);
  }
  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    if (const failure f = detail::check_pair(k_, v_, 0)) return f;
    return detail::check_heads_layout(at_, k_.extent(0), k_.extent(2), k_.extent(1));
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents&) const noexcept { return check(); }

private:
  [[nodiscard]] HEED_INLINE bool placed() const noexcept { return at_.positions.data() != nullptr; }
  [[nodiscard]] HEED_INLINE index_t list(index_t seq, index_t kv_head) const noexcept {
    return seq * k_.extent(2) + kv_head;
  }
  [[nodiscard]] HEED_INLINE const index_t* positions(index_t seq, index_t kv_head) const noexcept {
    return at_.positions.data() + list(seq, kv_head) * k_.extent(1);
  }

  tensor_view<const K, 4> k_;
  tensor_view<const V, 4> v_;
  contiguous_heads_layout at_;
};

/// k, v: [sequences][rows][kv_heads][dim], any strides.
template <class TK, class TV>
[[nodiscard]] HEED_INLINE auto contiguous_heads(const tensor_view<TK, 4>& k, const tensor_view<TV, 4>& v,
                                                const contiguous_heads_layout& layout) noexcept {
  return contiguous_heads_source<std::remove_const_t<TK>, std::remove_const_t<TV>>(detail::as_rank_4(k),
                                                                                   detail::as_rank_4(v), layout);
}

static_assert(kv_source<contiguous_heads_source<float, float>>);
static_assert(self_checking<contiguous_heads_source<float, float>>);

} // namespace heed
