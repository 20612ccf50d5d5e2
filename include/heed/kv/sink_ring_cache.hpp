// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Sinks and a ring that grow: a token evicts the oldest one that is no sink.
#include <heed/kv/row_writer.hpp>
#include <heed/kv/sink_ring.hpp>

namespace heed {

/// sinks: rows in front that are never evicted. seen: [batch], written; the caller owns it. window: recent tokens that
/// are seen; the ring's other rows are for rollback, which needs `written`: [batch], the most tokens a sequence had.
struct sink_ring_memory {
  index_t sinks = 0;
  std::span<index_t> seen = {};
  index_t window = whole_ring;
  std::span<index_t> written = {};
};

/// Rings of one size, one per sequence. Never allocates. Changes nothing if it refuses.
///
/// Shapes    k, v: [batch][sinks + ring][kv_heads][dim]
/// Laws      source() is lawful after any calls; appending one by one equals appending together;
///           after rollback source() is as if the tokens had never come
/// Cost      append O(rows kept)
template <class K, class V> class sink_ring_cache {
public:
  using key_element = K;
  using value_element = V;

  HEED_INLINE sink_ring_cache(const tensor_view<K, 4>& k, const tensor_view<V, 4>& v,
                              const sink_ring_memory& memory) noexcept
      : k_(k), v_(v), at_(memory) {
    static_assert(!std::is_const_v<K> && !std::is_const_v<V>, "heed: sink_ring_cache: the views are written");
    for (index_t& n : at_.seen) n = 0;
    for (index_t& n : at_.written) n = 0;
    broken_ = check_memory();
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept { return broken_; }
  [[nodiscard]] HEED_INLINE index_t sequences() const noexcept { return k_.extent(0); }
  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return k_.extent(2); }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return source().slots(seq, kv_head);
  }
  /// Bytes of the rows that were written and not overwritten, the rollback's too.
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept {
    index_t n = 0;
    for (const index_t tokens : at_.written.empty() ? at_.seen : at_.written) n += lesser(tokens, k_.extent(1));
    return n * k_.extent(2) * (detail::bytes<K>(k_.extent(3)) + detail::bytes<V>(v_.extent(3)));
  }
  /// Bytes of the memory that it was given.
  [[nodiscard]] HEED_INLINE index_t bytes_reserved() const noexcept {
    return k_.size() * detail::bytes<K>(1) + v_.size() * detail::bytes<V>(1) +
           detail::bytes<index_t>(detail::count_of(at_.seen) + detail::count_of(at_.written));
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return at_.seen[static_cast<std::size_t>(seq)]; }
  /// The cache as attend reads it. It sees later appends.
  [[nodiscard]] HEED_INLINE sink_ring_source<K, V> source() const noexcept {
    return {detail::as_rank_4(k_), detail::as_rank_4(v_), 0, sink_ring_batch{at_.sinks, at_.seen, at_.window}, 0};
  }

  /// Writes tokens behind the last of a sequence: k, v [tokens][kv_heads][dim]. Of a chunk longer than the ring only
  /// the last rows stay: attend to joined(source(), contiguous(k, v)) before, so that the chunk sees itself whole.
  template <storable_as<K> UK, storable_as<V> UV>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k,
                                           const tensor_view<UV, 3>& v) noexcept {
    if (broken_) return broken_;
    const failure f = detail::check_fresh(seq, k_.extent(0), k, v, k_.extent(2), k_.extent(3), v_.extent(3));
    if (f) return f;
    return append(seq, k, v, [](index_t h) HEED_BODY { return h; });
  }
  /// Head h takes the fresh head from(h), of views that were checked.
  template <class UK, class UV, class Heads>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k, const tensor_view<UV, 3>& v,
                                           const Heads& from) noexcept {
    const index_t tokens = k.extent(0), sinks = at_.sinks, ring = k_.extent(1) - sinks;
    if (const failure f = check_room(seq, tokens)) return f;
    index_t& seen = at_.seen[static_cast<std::size_t>(seq)];
    for (index_t t = 0; t < tokens; ++t) {
      const index_t position = seen + t;
      if (position >= sinks && t < tokens - ring) continue; // overwritten by a later row of this call
      const index_t row = position < sinks ? position : sinks + (position - sinks) % ring;
      for (index_t h = 0; h < k_.extent(2); ++h) {
        detail::store_row(&k_(seq, row, h, 0), &k(t, from(h), 0), k_.extent(3));
        detail::store_row(&v_(seq, row, h, 0), &v(t, from(h), 0), v_.extent(3));
      }
    }
    seen += tokens;
    if (!at_.written.empty()) {
      index_t& most = at_.written[static_cast<std::size_t>(seq)];
      most = greater(most, seen);
    }
    return {};
  }
  /// Whether append would take so many tokens.
  [[nodiscard]] HEED_INLINE failure check_room(index_t seq, index_t tokens) const noexcept {
    if (const failure f = check_index("append", seq)) return f;
    if (const index_t left = detail::most_slots - seen(seq); tokens > left)
      return {errc::limit_exceeded, "append", "tokens", tokens, "the positions left are", left};
    return {};
  }
  /// Whether rollback would refuse: it needs the tokens that the window would see again.
  [[nodiscard]] HEED_INLINE failure check_rollback(index_t seq, index_t tokens) const noexcept {
    if (const failure f = check_index("rollback", seq)) return f;
    if (tokens < 0) return {errc::bad_value, "rollback", "tokens", tokens, "the least is", 0};
    if (tokens > seen(seq)) return {errc::length_out_of_range, "rollback", "tokens", tokens, "seen are", seen(seq)};
    if (at_.written.empty()) return {errc::bad_value, "rollback", "number of written", 0, "the least is", 1};
    const index_t ring = k_.extent(1) - at_.sinks, window = at_.window < 0 ? ring : at_.window;
    const index_t lowest = at_.written[static_cast<std::size_t>(seq)] - ring; // positions before are overwritten
    const index_t left = seen(seq) - tokens, needed = greater(at_.sinks, left - window);
    if (left > at_.sinks && lowest > needed)
      return {errc::limit_exceeded,
              "rollback",
              "tokens",
              tokens,
              "the ring remembers",
              greater(0, seen(seq) - lowest - window)};
    return {};
  }
  /// Forgets the last tokens of a sequence, as if never appended (rejected drafts). At most as many as the ring has
  /// rows beside its window, counted from the most tokens that the sequence had.
  [[nodiscard]] HEED_INLINE failure rollback(index_t seq, index_t tokens) noexcept {
    if (const failure f = check_rollback(seq, tokens)) return f;
    at_.seen[static_cast<std::size_t>(seq)] -= tokens;
    return {};
  }
  /// Empties a sequence; it starts again at position 0.
  [[nodiscard]] HEED_INLINE failure release(index_t seq) noexcept {
    if (const failure f = check_index("release", seq)) return f;
    if (!at_.written.empty()) at_.written[static_cast<std::size_t>(seq)] = 0;
    at_.seen[static_cast<std::size_t>(seq)] = 0;
    return {};
  }

private:
  [[nodiscard]] HEED_INLINE failure check_index(const char* call, index_t seq) const noexcept {
    if (broken_) return broken_;
    if (seq < 0) return {errc::index_out_of_range, call, "seq", seq, "the least is", 0};
    if (seq >= k_.extent(0)) return {errc::index_out_of_range, call, "seq", seq, "but the sequences are", k_.extent(0)};
    return {};
  }
  [[nodiscard]] HEED_INLINE failure check_memory() const noexcept {
    if (const failure f = source().check()) return f;
    if (!at_.written.empty())
      if (const failure f =
              detail::check_count("written", "number of entries", detail::count_of(at_.written), k_.extent(0)))
        return f;
    if (const failure f = detail::check_writable("k", detail::as_rank_4(k_), 0)) return f;
    return detail::check_writable("v", detail::as_rank_4(v_), 0);
  }

  tensor_view<K, 4> k_;
  tensor_view<V, 4> v_;
  sink_ring_memory at_;
  failure broken_ = {};
};

} // namespace heed
