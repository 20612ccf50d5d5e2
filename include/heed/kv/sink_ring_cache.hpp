// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Sinks and a ring that grow: a token evicts the oldest one that is no sink.
#include <heed/kv/row_writer.hpp>
#include <heed/kv/sink_ring.hpp>

namespace heed {

/// sinks: rows in front that are never evicted. seen: [batch], written; the caller owns it.
struct sink_ring_memory {
  index_t sinks = 0;
  std::span<index_t> seen = {};
};

/// Rings of one size, one per sequence. Never allocates. Changes nothing if it refuses.
///
/// Shapes    k, v: [batch][sinks + ring][kv_heads][dim]
/// Laws      source() is lawful after any calls; appending one by one equals appending together
/// Cost      append O(rows kept)
template <class K, class V> class sink_ring_cache {
public:
  HEED_INLINE sink_ring_cache(const tensor_view<K, 4>& k, const tensor_view<V, 4>& v,
                              const sink_ring_memory& memory) noexcept
      : k_(k), v_(v), at_(memory) {
    static_assert(!std::is_const_v<K> && !std::is_const_v<V>, "heed: sink_ring_cache: the views are written");
    for (index_t& n : at_.seen) n = 0;
    broken_ = check_memory();
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept { return broken_; }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept { return at_.seen[static_cast<std::size_t>(seq)]; }
  /// The cache as attend reads it. It sees later appends.
  [[nodiscard]] HEED_INLINE sink_ring_source<K, V> source() const noexcept {
    return {detail::as_rank_4(k_), detail::as_rank_4(v_), 0, sink_ring_batch{at_.sinks, at_.seen}, 0};
  }

  /// Writes tokens behind the last of a sequence: k, v [tokens][kv_heads][dim]. Of a chunk longer than the ring only
  /// the last rows stay: attend to joined(source(), contiguous(k, v)) before, so that the chunk sees itself whole.
  template <storable_as<K> UK, storable_as<V> UV>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k,
                                           const tensor_view<UV, 3>& v) noexcept {
    if (broken_) return broken_;
    const failure f = detail::check_fresh(seq, k_.extent(0), k, v, k_.extent(2), k_.extent(3), v_.extent(3));
    if (f) return f;
    index_t& seen = at_.seen[static_cast<std::size_t>(seq)];
    const index_t tokens = k.extent(0), sinks = at_.sinks, ring = k_.extent(1) - sinks;
    if (tokens > detail::most_slots - seen)
      return {errc::limit_exceeded, "append", "tokens", tokens, "the positions left are", detail::most_slots - seen};
    for (index_t t = 0; t < tokens; ++t) {
      const index_t position = seen + t;
      if (position >= sinks && t < tokens - ring) continue; // overwritten by a later row of this call
      const index_t row = position < sinks ? position : sinks + (position - sinks) % ring;
      for (index_t h = 0; h < k_.extent(2); ++h) {
        detail::store_row(&k_(seq, row, h, 0), &k(t, h, 0), k_.extent(3));
        detail::store_row(&v_(seq, row, h, 0), &v(t, h, 0), v_.extent(3));
      }
    }
    seen += tokens;
    return {};
  }
  /// Empties a sequence; it starts again at position 0.
  [[nodiscard]] HEED_INLINE failure release(index_t seq) noexcept {
    if (broken_) return broken_;
    if (seq < 0) return {errc::index_out_of_range, "release", "seq", seq, "the least is", 0};
    if (seq >= k_.extent(0))
      return {errc::index_out_of_range, "release", "seq", seq, "but the sequences are", k_.extent(0)};
    at_.seen[static_cast<std::size_t>(seq)] = 0;
    return {};
  }

private:
  [[nodiscard]] HEED_INLINE failure check_memory() const noexcept {
    if (const failure f = source().check()) return f;
    if (const failure f = detail::check_writable("k", detail::as_rank_4(k_), 0)) return f;
    return detail::check_writable("v", detail::as_rank_4(v_), 0);
  }

  tensor_view<K, 4> k_;
  tensor_view<V, 4> v_;
  sink_ring_memory at_;
  failure broken_ = {};
};

} // namespace heed
