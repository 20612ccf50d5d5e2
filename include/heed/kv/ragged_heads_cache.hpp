// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One pool of rows in which each key-value head has its own stretch and length: it grows, evicts and packs together.
#include <heed/kv/list_cache.hpp>
#include <heed/kv/ragged_heads.hpp>

namespace heed {

/// What a ragged cache keeps its order in; the caller owns it. Between offsets[list] and offsets[list + 1] lies the
/// room of list seq * kv_heads + kv_head.
///
/// Shapes    offsets: [sequences * kv_heads + 1], read. lengths: [sequences * kv_heads]; positions: [rows]; seen:
///           [sequences]: written. bias: as positions, or empty; means: optional, with lists of one head
struct ragged_heads_memory {
  index_t kv_heads = 0;
  index_list offsets = {};
  std::span<index_t> lengths = {}, positions = {}, seen = {};
  std::span<float> bias = {};
  slot_means means = {};
};

/// Heads of different lengths, as eviction per head leaves them; positions stay true. Never allocates. Changes nothing
/// if it refuses.
///
/// Shapes    k, v: [rows][dim]
/// Laws      evicting_cache; source() is lawful after any calls
/// Cost      append O(rows); the rest O(rows moved)
template <class K, class V> class ragged_heads_cache : public list_cache<ragged_heads_cache<K, V>> {
  friend class list_cache<ragged_heads_cache>;

public:
  using key_element = K;
  using value_element = V;

  HEED_INLINE ragged_heads_cache(const tensor_view<K, 2>& k, const tensor_view<V, 2>& v,
                                 const ragged_heads_memory& memory) noexcept
      : k_(k), v_(v), at_(memory) {
    static_assert(!std::is_const_v<K> && !std::is_const_v<V>, "heed: ragged_heads_cache: the views are written");
    for (index_t& n : at_.lengths) n = 0;
    for (index_t& n : at_.seen) n = 0;
    broken_ = check_memory();
    if (!broken_) detail::forget_all_folded(at_.means);
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept { return broken_; }
  [[nodiscard]] HEED_INLINE index_t sequences() const noexcept { return detail::count_of(at_.seen); }
  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return at_.kv_heads; }
  [[nodiscard]] HEED_INLINE bool per_head() const noexcept { return at_.kv_heads > 0; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return at(at_.lengths, seq * at_.kv_heads + kv_head);
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return at(at_.seen, seq); }
  /// The cache as attend reads it. It sees later appends.
  [[nodiscard]] HEED_INLINE ragged_heads_source<K, V> source() const noexcept {
    return {detail::as_rank_4(k_).swapped(1, 2), detail::as_rank_4(v_).swapped(1, 2),
            ragged_heads_layout{at_.kv_heads, at_.offsets, at_.lengths, at_.positions, at_.seen, slot_order::ascending,
                                at_.bias}};
  }

  /// Bytes of the rows held, with what each carries, and of the means.
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept {
    index_t n = 0;
    for (const index_t length : at_.lengths) n += length;
    return n * slot_bytes() + detail::bytes_of(at_.means);
  }
  /// Bytes of the memory that it was given, without the offsets, which it only reads.
  [[nodiscard]] HEED_INLINE index_t bytes_reserved() const noexcept {
    return k_.size() * detail::bytes<K>(1) + v_.size() * detail::bytes<V>(1) + detail::bytes_of(at_.lengths) +
           detail::bytes_of(at_.positions) + detail::bytes_of(at_.seen) + detail::bytes_of(at_.bias) +
           detail::bytes_of(at_.means);
  }

  /// Whether append would take so many tokens.
  [[nodiscard]] HEED_INLINE failure check_room(index_t seq, index_t tokens) const noexcept {
    if (const failure f = check_index("append", seq, 0)) return f;
    for (index_t h = 0; h < at_.kv_heads; ++h) {
      const index_t room = room_of(list(seq, h)) - slots(seq, h);
      if (tokens > room) return {errc::limit_exceeded, "append", "tokens", tokens, "the room left in head is", room, h};
    }
    return {};
  }
  /// Writes tokens behind the last of every head of a sequence: k, v [tokens][kv_heads][dim].
  template <storable_as<K> UK, storable_as<V> UV>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k,
                                           const tensor_view<UV, 3>& v) noexcept {
    if (broken_) return broken_;
    if (const failure f = detail::check_fresh(seq, sequences(), k, v, at_.kv_heads, k_.extent(1), v_.extent(1)))
      return f;
    return append(seq, k, v, detail::every_head{});
  }
  /// Head h takes the fresh head from(h), of views that were checked.
  template <class UK, class UV, class Heads>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k, const tensor_view<UV, 3>& v,
                                           const Heads& from) noexcept {
    if (const failure f = check_room(seq, k.extent(0))) return f;
    const auto r = rows();
    for (index_t h = 0; h < at_.kv_heads; ++h) {
      index_t& n = at(at_.lengths, list(seq, h));
      const auto fresh = [&](index_t) HEED_BODY { return from(h); };
      detail::write_slots(r, list(seq, h), n, k, v, fresh, seen(seq));
      n += k.extent(0);
    }
    at(at_.seen, seq) += k.extent(0);
    return {};
  }
  /// Moves every stretch to where `offsets` says, in place: what eviction freed lies together again, and may serve more
  /// sequences (with a cache of more lists on the same pool) or be given back. Sources made before are stale.
  ///
  /// Shapes    offsets: [sequences * kv_heads + 1], another list than before, read from now on
  [[nodiscard]] HEED_INLINE failure pack(const index_list& offsets) noexcept {
    if (broken_) return broken_;
    const index_t lists = detail::count_of(at_.lengths);
    if (const failure f = detail::check_offsets("pack", offsets, lists, k_.extent(0))) return f;
    for (index_t l = 0; l < lists; ++l)
      if (const index_t room = offsets[l + 1] - offsets[l]; length(l) > room)
        return {errc::length_out_of_range, "pack", "slots", length(l), "the new room is", room, l};
    // Stretches that go down, from the front; those that go up, from the back: each lands on what was moved before.
    for (index_t l = 0; l < lists; ++l)
      for (index_t i = 0; offsets[l] < at_.offsets[l] && i < length(l); ++i)
        move_row(at_.offsets[l] + i, offsets[l] + i);
    for (index_t l = lists; l-- > 0;)
      for (index_t i = length(l); offsets[l] > at_.offsets[l] && i-- > 0;) move_row(at_.offsets[l] + i, offsets[l] + i);
    at_.offsets = offsets;
    return {};
  }

private:
  struct row_access {
    const ragged_heads_cache& c;
    index_t heads, key_dim, value_dim;
    const slot_means& means;
    HEED_INLINE K* key(index_t list, index_t slot, index_t) const noexcept {
      return &c.k_(c.at_.offsets[list] + slot, 0);
    }
    HEED_INLINE V* value(index_t list, index_t slot, index_t) const noexcept {
      return &c.v_(c.at_.offsets[list] + slot, 0);
    }
    HEED_INLINE index_t* position(index_t list, index_t slot) const noexcept {
      return &at(c.at_.positions, c.at_.offsets[list] + slot);
    }
    HEED_INLINE float* bias(index_t list, index_t slot) const noexcept {
      return c.at_.bias.empty() ? nullptr : &at(c.at_.bias, c.at_.offsets[list] + slot);
    }
  };
  template <class T> static HEED_INLINE T& at(std::span<T> list, index_t i) noexcept {
    return list[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] HEED_INLINE row_access rows() const noexcept {
    return {*this, 1, k_.extent(1), v_.extent(1), at_.means};
  }
  [[nodiscard]] HEED_INLINE index_t list(index_t seq, index_t kv_head) const noexcept {
    return seq * at_.kv_heads + kv_head;
  }
  [[nodiscard]] HEED_INLINE index_t lists_each() const noexcept { return at_.kv_heads; }
  [[nodiscard]] HEED_INLINE index_t room_of(index_t list) const noexcept {
    return at_.offsets[list + 1] - at_.offsets[list];
  }
  [[nodiscard]] HEED_INLINE index_t length(index_t list) const noexcept { return at(at_.lengths, list); }
  HEED_INLINE void set_length(index_t list, index_t n) noexcept { at(at_.lengths, list) = n; }
  HEED_INLINE void set_seen(index_t seq, index_t n) noexcept { at(at_.seen, seq) = n; }
  [[nodiscard]] HEED_INLINE const slot_means& memory_of_means() const noexcept { return at_.means; }
  [[nodiscard]] HEED_INLINE detail::carried carries() const noexcept { return {at_.kv_heads > 0, !at_.bias.empty()}; }
  template <class Lengths>
  [[nodiscard]] HEED_INLINE failure check_fit(const char* call, index_t seq, const Lengths& wanted) const noexcept {
    for (index_t h = 0; h < at_.kv_heads; ++h)
      if (const index_t n = wanted(h), room = room_of(list(seq, h)); n > room)
        return {errc::limit_exceeded, call, "slots", n, "the room of the head is", room, h};
    return {};
  }
  [[nodiscard]] HEED_INLINE index_t slot_bytes() const noexcept {
    return detail::bytes<K>(k_.extent(1)) + detail::bytes<V>(v_.extent(1)) + detail::bytes<index_t>(1) +
           (at_.bias.empty() ? 0 : detail::bytes<float>(1));
  }
  HEED_INLINE void move_row(index_t from, index_t to) noexcept {
    detail::store_row(&k_(to, 0), &k_(from, 0), k_.extent(1));
    detail::store_row(&v_(to, 0), &v_(from, 0), v_.extent(1));
    at(at_.positions, to) = at(at_.positions, from);
    if (!at_.bias.empty()) at(at_.bias, to) = at(at_.bias, from);
  }
  [[nodiscard]] HEED_INLINE failure check_index(const char* call, index_t seq, index_t kv_head) const noexcept {
    if (broken_) return broken_;
    return detail::check_list_index(call, seq, sequences(), kv_head, at_.kv_heads);
  }
  [[nodiscard]] HEED_INLINE failure check_memory() const noexcept {
    if (at_.kv_heads < 1) return source().check();
    const index_t lists = at_.offsets.size() - 1, rows = k_.extent(0);
    if (detail::count_of(at_.lengths) != lists)
      return {errc::bad_extent, "lengths", "number of entries", detail::count_of(at_.lengths), "it must be", lists};
    if (sequences() != lists / at_.kv_heads)
      return {errc::bad_extent, "seen", "number of entries", sequences(), "it must be", lists / at_.kv_heads};
    if (detail::count_of(at_.positions) < rows)
      return {errc::bad_extent, "positions", "number of entries", detail::count_of(at_.positions),
              "the rows are",   rows};
    if (const failure f = source().check()) return f;
    if (const failure f = detail::check_writable("k", detail::as_rank_4(k_), 2)) return f;
    if (const failure f = detail::check_writable("v", detail::as_rank_4(v_), 2)) return f;
    return detail::check_means(at_.means, lists, 1, k_.extent(1), v_.extent(1), detail::count_of(at_.bias));
  }

  tensor_view<K, 2> k_;
  tensor_view<V, 2> v_;
  ragged_heads_memory at_;
  failure broken_ = {};
};

} // namespace heed
