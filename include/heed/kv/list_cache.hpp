// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What every cache with lists of slots can do: keep some slots, fold the others, forget the last tokens, fork.
#include <heed/kv/slot_moves.hpp>

namespace heed {

namespace detail {

/// What the slots of a cache carry beside rows.
struct carried {
  bool positions, bias;
};

/// Calls f(slot, rows, place in rows, position) for each slot of a source's head, until f returns a failure.
template <class S, class F>
HEED_INLINE failure walk_head(const S& source, index_t seq, index_t head, const F& f) noexcept {
  const index_t n = source.slots(seq, head);
  for (index_t i = 0; i < n;) {
    const kv_rows r = source.rows(seq, head, {i, n});
    for (index_t j = 0; j < r.count; ++j)
      if (const failure bad = f(i + j, r, j, r.positions != nullptr ? r.positions[j] : r.first + j)) return bad;
    i += r.count;
  }
  return {};
}

inline namespace HEED_ISA {

/// Refuses a source whose slots a cache with so many lists per sequence can't carry.
template <class S> failure check_taken(const S& source, index_t from, index_t lists, carried has) noexcept {
  for (index_t h = 0; h < source.dims().kv_heads; ++h) {
    const bool shared = h >= lists;
    if (const index_t n = source.slots(from, h), all = source.slots(from, 0); shared && n != all)
      return {errc::bad_extent, "copy_from", "slots", n, "but the heads share a list of", all, h};
    const failure f =
        walk_head(source, from, h, [&](index_t i, const kv_rows& r, index_t j, index_t position) HEED_BODY {
          if (r.key == nullptr)
            return failure{errc::null_pointer, "copy_from", "slots that hold nothing", 1, "the most is", 0, i};
          if (!has.positions && position != i)
            return failure{errc::bad_value, "copy_from", "position", position, "without positions it must be", i, i};
          if (r.bias != nullptr && r.bias[j] != 0 && !has.bias)
            return failure{errc::bad_value, "copy_from", "slots with a bias", 1, "the cache holds", 0, i};
          if (!shared) return failure{};
          const kv_rows first = source.rows(from, 0, {i, i + 1});
          const index_t other = first.positions != nullptr ? first.positions[0] : first.first;
          if (other == position) return failure{};
          return failure{
              errc::bad_value, "copy_from", "position", position, "but the heads share a list with", other, i};
        });
    if (f) return f;
  }
  return {};
}

/// Head `from_head` of a source into head h of a list that is long enough.
template <class Rows, class S>
void take_head(const Rows& to, index_t list, index_t h, const S& source, index_t from, index_t from_head) noexcept {
  static_cast<void>(
      walk_head(source, from, from_head, [&](index_t i, const kv_rows& r, index_t j, index_t position) HEED_BODY {
        const auto* k = reinterpret_cast<const typename S::key_format::element*>(r.key + j * r.key_stride);
        const auto* v = reinterpret_cast<const typename S::value_format::element*>(r.value + j * r.value_stride);
        write_slot(to, list, i, h, k, v, position);
        if (r.bias != nullptr && to.bias(list, i) != nullptr) *to.bias(list, i) = r.bias[j];
        return failure{};
      }));
}

} // namespace HEED_ISA
} // namespace detail

/// The part that contiguous, ragged and paged caches share. A list holds the slots of one head of a sequence, or of all
/// its heads. Cache says where rows lie: rows(), list(seq, kv_head), lists_each(), length(list), set_length(list, n),
/// set_seen(seq, n), check_index(call, seq, kv_head), memory_of_means(), carries(), check_fit(call, seq,
/// lengths).
///
/// Laws      evicting_cache; a refused call changes nothing; nothing allocates
/// Cost      O(rows moved)
template <class Cache> class list_cache {
public:
  /// Which slot of a head stands for the rows that were folded, or -1; and for how many.
  [[nodiscard]] HEED_INLINE index_t compensated_slot(index_t seq, index_t kv_head) const noexcept {
    return detail::folded_slot(self().memory_of_means(), self().list(seq, kv_head));
  }
  [[nodiscard]] HEED_INLINE index_t folded(index_t seq, index_t kv_head) const noexcept {
    const auto counts = self().memory_of_means().counts;
    return counts.empty() ? 0 : counts[static_cast<std::size_t>(self().list(seq, kv_head))];
  }
  /// Where the key of a slot lies, to be turned in place.
  [[nodiscard]] HEED_INLINE auto* key_of(index_t seq, index_t kv_head, index_t slot) const noexcept {
    return self().rows().key(self().list(seq, kv_head), slot, self().rows().heads > 1 ? kv_head : 0);
  }
  /// Whether keep would refuse, and why.
  [[nodiscard]] HEED_INLINE failure check_keep(index_t seq, index_t kv_head, std::span<const index_t> slots,
                                               dropped_rows dropped = dropped_rows::forgotten) const noexcept {
    if (const failure f = self().check_index("keep", seq, kv_head)) return f;
    if (!self().carries().positions) return {errc::bad_value, "keep", "number of positions", 0, "the least is", 1};
    if (dropped == dropped_rows::folded && self().memory_of_means().slots.empty())
      return {errc::bad_value, "keep", "number of means", 0, "to fold rows the least is", 1};
    return detail::check_kept("keep", slots, self().slots(seq, kv_head));
  }
  /// Keeps the listed slots of a head, ascending (of all heads where they share a list). The others are forgotten, or
  /// folded into the compensated slot, which then stays whether it is listed or not.
  [[nodiscard]] HEED_INLINE failure keep(index_t seq, index_t kv_head, std::span<const index_t> slots,
                                         dropped_rows dropped = dropped_rows::forgotten) noexcept {
    if (const failure f = check_keep(seq, kv_head, slots, dropped)) return f;
    const index_t l = self().list(seq, kv_head);
    self().set_length(l, detail::keep_or_fold(self().rows(), l, slots, self().length(l), dropped));
    return {};
  }
  /// Keeps the first `slots` of a head, where the caller moved the kept rows and their positions to the front.
  [[nodiscard]] HEED_INLINE failure keep_front(index_t seq, index_t kv_head, index_t slots) noexcept {
    if (const failure f = self().check_index("keep_front", seq, kv_head)) return f;
    if (!self().carries().positions)
      return {errc::bad_value, "keep_front", "number of positions", 0, "the least is", 1};
    const index_t l = self().list(seq, kv_head), n = self().length(l);
    if (slots < 0) return {errc::length_out_of_range, "keep_front", "slots", slots, "the least is", 0};
    if (slots > n) return {errc::length_out_of_range, "keep_front", "slots", slots, "the slots held are", n};
    shorten(l, slots);
    return {};
  }
  /// Whether rollback would refuse, and why.
  [[nodiscard]] HEED_INLINE failure check_rollback(index_t seq, index_t tokens) const noexcept {
    if (const failure f = self().check_index("rollback", seq, 0)) return f;
    const index_t seen = self().seen(seq);
    if (tokens < 0) return {errc::bad_value, "rollback", "tokens", tokens, "the least is", 0};
    if (tokens > seen) return {errc::length_out_of_range, "rollback", "tokens", tokens, "seen are", seen};
    return {};
  }
  /// Forgets the last tokens of a sequence, as if never appended (rejected drafts). Evicted slots do not come back, and
  /// a compensated slot that holds a forgotten token goes whole.
  [[nodiscard]] HEED_INLINE failure rollback(index_t seq, index_t tokens) noexcept {
    if (const failure f = check_rollback(seq, tokens)) return f;
    const index_t left = self().seen(seq) - tokens;
    for (index_t l = self().list(seq, 0); l < self().list(seq, 0) + self().lists_each(); ++l) {
      index_t n = self().length(l);
      if (self().carries().positions)
        while (n > 0 && *self().rows().position(l, n - 1) >= left) --n;
      else
        n = lesser(n, left);
      shorten(l, n);
    }
    self().set_seen(seq, left);
    return {};
  }
  /// Empties a sequence; it starts again at position 0.
  [[nodiscard]] HEED_INLINE failure release(index_t seq) noexcept {
    if (const failure f = self().check_index("release", seq, 0)) return f;
    empty(seq);
    self().set_seen(seq, 0);
    return {};
  }
  /// Sequence `to` becomes what `from` is (a fork: two continuations of one prompt). What it held is gone.
  [[nodiscard]] HEED_INLINE failure copy_sequence(index_t from, index_t to) noexcept {
    if (const failure f = self().check_index("copy_sequence", from, 0)) return f;
    if (const failure f = self().check_index("copy_sequence", to, 0)) return f;
    if (from == to) return {};
    const index_t first = self().list(from, 0);
    const auto wanted = [&](index_t i) HEED_BODY { return self().length(first + i); };
    if (const failure f = self().check_fit("copy_sequence", to, wanted)) return f;
    empty(to);
    for (index_t i = 0; i < self().lists_each(); ++i) {
      const index_t a = self().list(from, 0) + i, b = self().list(to, 0) + i;
      self().set_length(b, self().length(a));
      detail::copy_slots(self().rows(), a, b, self().length(a));
    }
    self().set_seen(to, self().seen(from));
    return {};
  }
  /// Sequence `to` becomes what sequence `from` of a source holds, with positions and biases: out of any other cache,
  /// or out of gathered(source, kept.as_gather()) what stays of it, into memory of the right size.
  ///
  /// Requires  a source of plain elements without holes that shares no memory with the cache; where heads share a list
  ///           they hold the same positions; means are not taken along (a compensated slot keeps its weight for good)
  template <kv_source S, class Self = Cache> // Clang 14 looks into Cache, not yet complete, without a name of its own
  requires(storable_as<typename S::key_format::element, typename Self::key_element>&&
               storable_as<typename S::value_format::element, typename Self::value_element>)
      [[nodiscard]] HEED_INLINE failure copy_from(const S& source, index_t from, index_t to) noexcept {
    const kv_dims d = source.dims();
    if (const failure f = self().check_index("copy_from", to, 0)) return f;
    if (from < 0 || from >= d.sequences)
      return {errc::index_out_of_range, "copy_from", "from", from, "but the source's sequences are", d.sequences};
    if (d.kv_heads != self().kv_heads())
      return {errc::bad_extent, "copy_from", "kv_heads", d.kv_heads, "but the cache has", self().kv_heads()};
    const auto r = self().rows();
    if (d.key_dim != r.key_dim)
      return {errc::dim_mismatch, "copy_from", "key_dim", d.key_dim, "but the cache has", r.key_dim};
    if (d.value_dim != r.value_dim)
      return {errc::dim_mismatch, "copy_from", "value_dim", d.value_dim, "but the cache has", r.value_dim};
    if (const failure f = detail::check_taken(source, from, self().lists_each(), self().carries())) return f;
    const auto wanted = [&](index_t i) HEED_BODY { return source.slots(from, i); };
    if (const failure f = self().check_fit("copy_from", to, wanted)) return f;
    empty(to);
    for (index_t i = 0; i < self().lists_each(); ++i) self().set_length(self().list(to, 0) + i, source.slots(from, i));
    for (index_t h = 0; h < d.kv_heads; ++h)
      detail::take_head(r, self().list(to, h), r.heads > 1 ? h : 0, source, from, h);
    self().set_seen(to, source.seen(from));
    return {};
  }
  /// Numbers the slots of a sequence 0, 1, 2 ..., as methods do that count positions in the cache; seen becomes the
  /// longest head. The keys must be turned with them: evict/reindex.hpp does both.
  [[nodiscard]] HEED_INLINE failure renumber(index_t seq) noexcept {
    if (const failure f = self().check_index("renumber", seq, 0)) return f;
    if (!self().carries().positions) return {errc::bad_value, "renumber", "number of positions", 0, "the least is", 1};
    index_t most = 0;
    for (index_t l = self().list(seq, 0); l < self().list(seq, 0) + self().lists_each(); ++l) {
      const index_t n = self().length(l);
      for (index_t i = 0; i < n; ++i) *self().rows().position(l, i) = i;
      most = greater(most, n);
    }
    self().set_seen(seq, most);
    return {};
  }

private:
  friend Cache;
  constexpr list_cache() noexcept = default;
  [[nodiscard]] HEED_INLINE Cache& self() noexcept { return static_cast<Cache&>(*this); }
  [[nodiscard]] HEED_INLINE const Cache& self() const noexcept { return static_cast<const Cache&>(*this); }
  /// All lists give their memory back before one of them grows: what check_fit counts is there then.
  HEED_INLINE void empty(index_t seq) noexcept {
    for (index_t i = 0; i < self().lists_each(); ++i) shorten(self().list(seq, 0) + i, 0);
  }
  HEED_INLINE void shorten(index_t list, index_t slots) noexcept {
    if (detail::folded_slot(self().memory_of_means(), list) >= slots)
      detail::forget_folded(self().memory_of_means(), list);
    self().set_length(list, slots);
  }
};

} // namespace heed
