// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The first tokens of a sequence, and a ring of its recent ones.
#include <heed/kv/checks.hpp>

namespace heed {

/// How many recent tokens of a ring are seen: all that it has room for. A smaller window leaves rows that a rollback
/// goes back to.
inline constexpr index_t whole_ring = -1;

/// One sequence: how many rows in front are sinks, and how many tokens were ever appended.
struct sink_ring_layout {
  index_t sinks = 0, seen = 0, window = whole_ring;
};
/// A batch of rings of one size. seen: [batch].
struct sink_ring_batch {
  index_t sinks = 0;
  index_list seen = {};
  index_t window = whole_ring;
};

/// The token at position p < sinks lies in row p, any other in row sinks + (p - sinks) % ring. A slot is the rank by
/// position, not the row: positions ascend although rows wrap. Positions are never renumbered. The sinks and the last
/// `window` tokens are seen.
///
/// Laws      kv_source; while nothing was evicted it equals contiguous; check() ok: rows() stays inside the views
/// Cost      O(1), at most three stretches
/// Source    ring: the recent window of Xiao et al. 2023, StreamingLLM; unlike there, keys keep their rotation
template <class K, class V, bool Alias = false> class sink_ring_source {
public:
  using key_format = elements<K>;
  using value_format = elements<V>;
  static constexpr bool values_alias_keys = Alias;
  static constexpr bool equal_heads = true;

  /// Views: [batch][sinks + ring][kv_heads][dim]. front: leading axes that the caller's views do not have.
  HEED_INLINE sink_ring_source(const tensor_view<const K, 4>& k, const tensor_view<const V, 4>& v, index_t front,
                               const sink_ring_batch& layout, index_t seen_by_one, index_t value_offset = 0) noexcept
      : k_(k), v_(v), layout_(layout), seen_by_one_(seen_by_one), front_(front), value_offset_(value_offset) {}

  [[nodiscard]] HEED_INLINE kv_dims dims() const noexcept {
    return {k_.extent(0), k_.extent(2), k_.extent(3), v_.extent(3), value_offset_};
  }
  [[nodiscard]] HEED_INLINE key_format keys_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE value_format values_as() const noexcept { return {}; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t) const noexcept {
    return lesser(seen(seq), layout_.window < 0 ? k_.extent(1) : layout_.sinks + layout_.window);
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept {
    return front_ > 0 ? seen_by_one_ : layout_.seen[seq];
  }
  [[nodiscard]] HEED_INLINE bool ordered(index_t, index_t) const noexcept { return true; }
  [[nodiscard]] HEED_INLINE index_t locate(index_t seq, index_t kv_head, index_t position) const noexcept {
    const index_t held = slots(seq, kv_head), gone = seen(seq) - held;
    if (position < layout_.sinks) return detail::clamp_to(position, held);
    return lesser(greater(position - gone, layout_.sinks), held);
  }
  [[nodiscard]] HEED_INLINE kv_rows rows(index_t seq, index_t kv_head, range slots_asked) const noexcept {
    const index_t capacity = k_.extent(1), sinks = layout_.sinks, gone = seen(seq) - slots(seq, kv_head);
    index_t row = slots_asked.begin, room = capacity - row;
    kv_rows r;
    r.first = row;
    if (gone > 0 && row < sinks) room = sinks - row;
    if (gone > 0 && row >= sinks) {
      r.first = row + gone;
      row = sinks + (r.first - sinks) % (capacity - sinks);
      room = capacity - row;
    }
    r.key = detail::address(k_.data(), seq * k_.stride(0) + row * k_.stride(1) + kv_head * k_.stride(2));
    r.value = detail::address(v_.data(), seq * v_.stride(0) + row * v_.stride(1) + kv_head * v_.stride(2));
    r.key_stride = detail::bytes<K>(k_.stride(1));
    r.value_stride = detail::bytes<V>(v_.stride(1));
    r.count = lesser(room, slots_asked.size());
    return r;
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    if (const failure f = detail::check_pair(k_, v_, front_)) return f;
    if (layout_.sinks < 0) return {errc::bad_value, "sink_ring", "sinks", layout_.sinks, "the least is", 0};
    if (layout_.sinks > k_.extent(1))
      return {errc::length_out_of_range, "sink_ring", "sinks", layout_.sinks, "the rows are", k_.extent(1)};
    if (layout_.window < whole_ring)
      return {errc::bad_value, "sink_ring", "window", layout_.window, "the least is", whole_ring};
    if (const index_t ring = k_.extent(1) - layout_.sinks; layout_.window > ring)
      return {errc::length_out_of_range, "sink_ring", "window", layout_.window, "the rows of the ring are", ring};
    if (front_ == 0)
      if (const failure f = detail::check_count("seen", "number of entries", layout_.seen.size(), k_.extent(0)))
        return f;
    for (index_t s = 0; s < k_.extent(0); ++s) {
      if (seen(s) < 0) return {errc::length_out_of_range, "sink_ring", "seen", seen(s), "the least is", 0, s};
      if (seen(s) > detail::most_slots)
        return {errc::length_out_of_range, "sink_ring", "seen", seen(s), "the most is", detail::most_slots, s};
    }
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(k_)) || may_share(f, footprint_of(v_)) || detail::any_shares(f, layout_.seen);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents&) const noexcept { return check(); }

private:
  tensor_view<const K, 4> k_;
  tensor_view<const V, 4> v_;
  sink_ring_batch layout_;
  index_t seen_by_one_, front_, value_offset_;
};

/// One sequence, [sinks + ring][kv_heads][dim].
template <class TK, class TV>
[[nodiscard]] HEED_INLINE auto sink_ring(const tensor_view<TK, 3>& k, const tensor_view<TV, 3>& v,
                                         const sink_ring_layout& layout) noexcept {
  return sink_ring_source<std::remove_const_t<TK>, std::remove_const_t<TV>>(
      detail::as_rank_4(k), detail::as_rank_4(v), 1, sink_ring_batch{layout.sinks, {}, layout.window}, layout.seen);
}
/// A batch, [batch][sinks + ring][kv_heads][dim].
template <class TK, class TV>
[[nodiscard]] HEED_INLINE auto sink_ring(const tensor_view<TK, 4>& k, const tensor_view<TV, 4>& v,
                                         const sink_ring_batch& layout) noexcept {
  return sink_ring_source<std::remove_const_t<TK>, std::remove_const_t<TV>>(detail::as_rank_4(k), detail::as_rank_4(v),
                                                                            0, layout, 0);
}

static_assert(kv_source<sink_ring_source<float, float>> && self_checking<sink_ring_source<float, float>>);

} // namespace heed
