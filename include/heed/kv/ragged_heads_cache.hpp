// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Ragged heads that grow: each key-value head appends at its own end.
#include <heed/kv/ragged_heads.hpp>
#include <heed/kv/row_writer.hpp>

namespace heed {

/// What a ragged cache keeps its order in; the caller owns it. Between offsets[list] and offsets[list + 1] lies the
/// room of list seq * kv_heads + kv_head.
///
/// Shapes    offsets: [sequences * kv_heads + 1], read. lengths: [sequences * kv_heads]; positions: [rows]; seen:
///           [sequences]: written
struct ragged_heads_memory {
  index_t kv_heads = 0;
  index_list offsets = {};
  std::span<index_t> lengths = {}, positions = {}, seen = {};
};

/// Heads of different lengths, as eviction per head leaves them; positions stay true. Never allocates. Changes nothing
/// if it refuses.
///
/// Shapes    k, v: [rows][dim]
/// Laws      source() is lawful after any calls
/// Cost      append O(rows)
template <class K, class V> class ragged_heads_cache {
public:
  HEED_INLINE ragged_heads_cache(const tensor_view<K, 2>& k, const tensor_view<V, 2>& v,
                                 const ragged_heads_memory& memory) noexcept
      : k_(k), v_(v), at_(memory) {
    static_assert(!std::is_const_v<K> && !std::is_const_v<V>, "heed: ragged_heads_cache: the views are written");
    for (index_t& n : at_.lengths) n = 0;
    for (index_t& n : at_.seen) n = 0;
    broken_ = check_memory();
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept { return broken_; }
  [[nodiscard]] HEED_INLINE index_t sequences() const noexcept { return detail::count_of(at_.seen); }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return at(at_.lengths, seq * at_.kv_heads + kv_head);
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return at(at_.seen, seq); }
  /// The cache as attend reads it. It sees later appends.
  [[nodiscard]] HEED_INLINE ragged_heads_source<K, V> source() const noexcept {
    return {detail::as_rank_4(k_).swapped(1, 2), detail::as_rank_4(v_).swapped(1, 2),
            ragged_heads_layout{at_.kv_heads, at_.offsets, at_.lengths, at_.positions, at_.seen}};
  }

  /// Writes tokens behind the last of every head of a sequence: k, v [tokens][kv_heads][dim].
  template <storable_as<K> UK, storable_as<V> UV>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k,
                                           const tensor_view<UV, 3>& v) noexcept {
    if (broken_) return broken_;
    if (const failure f = detail::check_fresh(seq, sequences(), k, v, at_.kv_heads, k_.extent(1), v_.extent(1)))
      return f;
    const index_t tokens = k.extent(0), first = seq * at_.kv_heads;
    for (index_t h = 0; h < at_.kv_heads; ++h) {
      const index_t room = at_.offsets[first + h + 1] - at_.offsets[first + h] - slots(seq, h);
      if (tokens > room) return {errc::limit_exceeded, "append", "tokens", tokens, "the room left in head is", room, h};
    }
    for (index_t h = 0; h < at_.kv_heads; ++h) {
      index_t& n = at(at_.lengths, first + h);
      for (index_t t = 0; t < tokens; ++t, ++n) {
        const index_t row = at_.offsets[first + h] + n;
        detail::store_row(&k_(row, 0), &k(t, h, 0), k_.extent(1));
        detail::store_row(&v_(row, 0), &v(t, h, 0), v_.extent(1));
        at(at_.positions, row) = seen(seq) + t;
      }
    }
    at(at_.seen, seq) += tokens;
    return {};
  }
  /// Keeps the first `slots` of a head, after eviction moved the kept rows and their positions to the front.
  [[nodiscard]] HEED_INLINE failure keep_front(index_t seq, index_t kv_head, index_t slots) noexcept {
    if (const failure f = check_index("keep_front", seq, kv_head)) return f;
    index_t& n = at(at_.lengths, seq * at_.kv_heads + kv_head);
    if (slots < 0) return {errc::length_out_of_range, "keep_front", "slots", slots, "the least is", 0};
    if (slots > n) return {errc::length_out_of_range, "keep_front", "slots", slots, "the slots held are", n};
    n = slots;
    return {};
  }
  /// Forgets the last tokens of a sequence, as if never appended (rejected drafts). Evicted slots do not come back.
  [[nodiscard]] HEED_INLINE failure rollback(index_t seq, index_t tokens) noexcept {
    if (const failure f = check_index("rollback", seq, 0)) return f;
    if (tokens < 0) return {errc::bad_value, "rollback", "tokens", tokens, "the least is", 0};
    if (tokens > seen(seq)) return {errc::length_out_of_range, "rollback", "tokens", tokens, "seen are", seen(seq)};
    const index_t left = seen(seq) - tokens;
    for (index_t l = seq * at_.kv_heads; l < (seq + 1) * at_.kv_heads; ++l) {
      index_t& n = at(at_.lengths, l);
      while (n > 0 && at(at_.positions, at_.offsets[l] + n - 1) >= left) --n;
    }
    at(at_.seen, seq) = left;
    return {};
  }
  /// Empties a sequence; it starts again at position 0.
  [[nodiscard]] HEED_INLINE failure release(index_t seq) noexcept {
    if (const failure f = check_index("release", seq, 0)) return f;
    return rollback(seq, seen(seq));
  }

private:
  template <class T> static HEED_INLINE T& at(std::span<T> list, index_t i) noexcept {
    return list[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] HEED_INLINE failure check_index(const char* call, index_t seq, index_t kv_head) const noexcept {
    if (broken_) return broken_;
    if (seq < 0) return {errc::index_out_of_range, call, "seq", seq, "the least is", 0};
    if (seq >= sequences()) return {errc::index_out_of_range, call, "seq", seq, "but the sequences are", sequences()};
    if (kv_head < 0) return {errc::index_out_of_range, call, "kv_head", kv_head, "the least is", 0};
    if (kv_head >= at_.kv_heads)
      return {errc::index_out_of_range, call, "kv_head", kv_head, "but the heads are", at_.kv_heads};
    return {};
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
    return detail::check_writable("v", detail::as_rank_4(v_), 2);
  }

  tensor_view<K, 2> k_;
  tensor_view<V, 2> v_;
  ragged_heads_memory at_;
  failure broken_ = {};
};

} // namespace heed
