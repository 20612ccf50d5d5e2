// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A paged cache that grows: hands out pages of a pool, appends tokens, takes pages back.
#include <heed/kv/paged.hpp>
#include <heed/kv/row_writer.hpp>

namespace heed {

/// What a paged cache keeps its order in. The caller owns it, for as long as the cache and its sources live.
///
/// Shapes    kv_heads: 0: a page list serves all heads of a sequence; else each (sequence, kv head) has its own list,
///           and a page of the pool holds one head. lists = sequences, or sequences * kv_heads
///           pages: [lists][max_pages]; lengths: [lists]; free_pages: [pages of the pool]
///           seen: [sequences], positions: [pages of the pool][page]; both, or neither where nothing is ever evicted
struct paged_cache_memory {
  index_t kv_heads = 0;
  std::span<index_t> pages = {};
  index_t max_pages = 0;
  std::span<index_t> lengths = {}, free_pages = {}, seen = {}, positions = {};
};

/// Sequences that share the pages of one pool. Appending takes pages from the free list, released ones are used again,
/// the last released first. Never allocates. Changes nothing if it refuses. Alias: the value pool is a part of the key
/// pool, from value_offset on (kv/latent_cache.hpp makes such a cache); tokens are appended as rows of keys alone.
///
/// Shapes    pools: [pages][page][kv_heads][dim], or [pages][page][1][dim] with lists per head
/// Laws      source() is lawful after any calls; a page is in one list or free, never both
/// Cost      append O(rows); the rest O(pages)
template <class K, class V, bool Alias = false> class paged_cache {
public:
  HEED_INLINE paged_cache(const tensor_view<K, 4>& k_pool, const tensor_view<V, 4>& v_pool,
                          const paged_cache_memory& memory, index_t value_offset = 0) noexcept
      : k_(k_pool), v_(v_pool), at_(memory), page_(k_pool.extent(1)), value_offset_(value_offset) {
    static_assert(!std::is_const_v<K> && !std::is_const_v<V>, "heed: paged_cache: the pools are written");
    broken_ = check_memory();
    if (broken_) return;
    free_ = k_.extent(0);
    for (index_t i = 0; i < free_; ++i) at(at_.free_pages, i) = free_ - 1 - i; // page 0 goes first
    for (index_t& n : at_.lengths) n = 0;
    for (index_t& n : at_.seen) n = 0;
    for (index_t& id : at_.pages) id = -1;
  }
  paged_cache(const paged_cache&) = delete; // two copies would hand out the same page
  paged_cache& operator=(const paged_cache&) = delete;

  [[nodiscard]] HEED_INLINE failure check() const noexcept { return broken_; }
  [[nodiscard]] HEED_INLINE index_t sequences() const noexcept {
    return static_cast<index_t>(at_.lengths.size()) / greater(at_.kv_heads, 1);
  }
  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return at_.kv_heads > 0 ? at_.kv_heads : k_.extent(2); }
  [[nodiscard]] HEED_INLINE index_t free_pages() const noexcept { return free_; }
  [[nodiscard]] HEED_INLINE index_t slots(index_t seq, index_t kv_head) const noexcept {
    return at(at_.lengths, list(seq, kv_head));
  }
  [[nodiscard]] HEED_INLINE index_t seen(index_t seq) const noexcept {
    return at_.seen.empty() ? at(at_.lengths, list(seq, 0)) : at(at_.seen, seq);
  }

  /// The cache as attend reads it. It sees later appends.
  [[nodiscard]] HEED_INLINE paged_source<K, V, Alias> source() const noexcept {
    const auto lists =
        at_.kv_heads > 0 ? detail::page_lists(head_page_table{at_.kv_heads, {}, at_.pages, at_.max_pages, at_.lengths})
                         : detail::page_lists(block_table{at_.pages, at_.max_pages, at_.lengths});
    return {detail::as_rank_4(k_), detail::as_rank_4(v_), lists, paged_slots{at_.positions, {}, at_.seen},
            value_offset_};
  }

  /// Writes tokens behind the last of a sequence: k, v [tokens][kv_heads][dim].
  template <storable_as<K> UK, storable_as<V> UV>
  requires(!Alias) [[nodiscard]] HEED_INLINE failure
      append(index_t seq, const tensor_view<UK, 3>& k, const tensor_view<UV, 3>& v) noexcept {
    if (broken_) return broken_;
    const failure f = detail::check_fresh(seq, sequences(), k, v, kv_heads(), k_.extent(3), v_.extent(3));
    if (f) return f;
    if (const failure full = reserve(seq, k.extent(0))) return full;
    write_rows(seq, k, v);
    return {};
  }
  /// The same where values are a part of their keys: rows [tokens][kv_heads][dim].
  template <storable_as<K> U>
  requires Alias [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<U, 3>& rows) noexcept {
    if (broken_) return broken_;
    const index_t dim = k_.extent(3);
    if (const failure f = detail::check_fresh(seq, sequences(), rows, rows, kv_heads(), dim, dim)) return f;
    if (const failure full = reserve(seq, rows.extent(0))) return full;
    write_rows(seq, rows, rows);
    return {};
  }
  /// Gives all pages of a sequence back; it starts again at position 0.
  [[nodiscard]] HEED_INLINE failure release(index_t seq) noexcept {
    if (const failure f = check_index("release", seq, 0)) return f;
    for (index_t h = 0; h < lists_each(); ++h) cut(list(seq, h), 0);
    if (!at_.seen.empty()) at(at_.seen, seq) = 0;
    return {};
  }
  /// Forgets the last tokens of a sequence, as if never appended (rejected drafts). Evicted slots do not come back.
  [[nodiscard]] HEED_INLINE failure rollback(index_t seq, index_t tokens) noexcept {
    if (const failure f = check_index("rollback", seq, 0)) return f;
    if (tokens < 0) return {errc::bad_value, "rollback", "tokens", tokens, "the least is", 0};
    if (tokens > seen(seq)) return {errc::length_out_of_range, "rollback", "tokens", tokens, "seen are", seen(seq)};
    const index_t left = seen(seq) - tokens;
    for (index_t h = 0; h < lists_each(); ++h) {
      const index_t l = list(seq, h);
      index_t n = at(at_.lengths, l);
      if (at_.positions.empty())
        n = lesser(n, left);
      else
        while (n > 0 && at(at_.positions, row(l, n - 1)) >= left) --n;
      cut(l, n);
    }
    if (!at_.seen.empty()) at(at_.seen, seq) = left;
    return {};
  }
  /// Keeps the first `slots` of a head, after eviction moved the kept rows and their positions to the front. With a
  /// list for all heads, of all heads. Needs positions: the tokens seen stay seen.
  [[nodiscard]] HEED_INLINE failure keep_front(index_t seq, index_t kv_head, index_t slots) noexcept {
    if (const failure f = check_index("keep_front", seq, kv_head)) return f;
    if (at_.positions.empty()) return {errc::bad_value, "keep_front", "number of positions", 0, "the least is", 1};
    index_t& n = at(at_.lengths, list(seq, kv_head));
    if (slots < 0) return {errc::length_out_of_range, "keep_front", "slots", slots, "the least is", 0};
    if (slots > n) return {errc::length_out_of_range, "keep_front", "slots", slots, "the slots held are", n};
    cut(list(seq, kv_head), slots);
    return {};
  }

private:
  template <class T> static HEED_INLINE T& at(std::span<T> list, index_t i) noexcept {
    return list[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] HEED_INLINE index_t lists_each() const noexcept { return greater(at_.kv_heads, 1); }
  [[nodiscard]] HEED_INLINE index_t list(index_t seq, index_t kv_head) const noexcept {
    return at_.kv_heads > 0 ? seq * at_.kv_heads + kv_head : seq;
  }
  [[nodiscard]] HEED_INLINE failure check_index(const char* call, index_t seq, index_t kv_head) const noexcept {
    if (broken_) return broken_;
    if (seq < 0) return {errc::index_out_of_range, call, "seq", seq, "the least is", 0};
    if (seq >= sequences()) return {errc::index_out_of_range, call, "seq", seq, "but the sequences are", sequences()};
    if (kv_head < 0) return {errc::index_out_of_range, call, "kv_head", kv_head, "the least is", 0};
    if (kv_head >= kv_heads())
      return {errc::index_out_of_range, call, "kv_head", kv_head, "but the heads are", kv_heads()};
    return {};
  }
  /// Row of the pool (page * page length + place) that holds a slot.
  [[nodiscard]] HEED_INLINE index_t row(index_t list, index_t slot) const noexcept {
    return at(at_.pages, list * at_.max_pages + slot / page_) * page_ + slot % page_;
  }
  [[nodiscard]] HEED_INLINE index_t pages_for(index_t slots) const noexcept {
    return slots / page_ + (slots % page_ != 0 ? 1 : 0);
  }
  HEED_INLINE void cut(index_t list, index_t slots) noexcept {
    index_t& n = at(at_.lengths, list);
    for (index_t i = pages_for(n); i-- > pages_for(slots);) {
      index_t& id = at(at_.pages, list * at_.max_pages + i);
      at(at_.free_pages, free_++) = id;
      id = -1;
    }
    n = slots;
  }
  /// Puts pages for `tokens` more slots into every list of a sequence, or refuses and changes nothing.
  [[nodiscard]] HEED_INLINE failure reserve(index_t seq, index_t tokens) noexcept {
    index_t wanted = 0;
    for (index_t h = 0; h < lists_each(); ++h) {
      const index_t n = slots(seq, h), room = at_.max_pages * page_ - n;
      if (tokens > room)
        return {errc::limit_exceeded, "append", "tokens", tokens, "the slots left in the page list are", room};
      wanted += pages_for(n + tokens) - pages_for(n);
    }
    if (wanted > free_)
      return {errc::limit_exceeded, "append", "pages wanted", wanted, "but the free pages are", free_};
    for (index_t h = 0; h < lists_each(); ++h) {
      const index_t l = list(seq, h), n = at(at_.lengths, l);
      for (index_t i = pages_for(n); i < pages_for(n + tokens); ++i)
        at(at_.pages, l * at_.max_pages + i) = at(at_.free_pages, --free_);
    }
    return {};
  }
  template <class UK, class UV>
  HEED_INLINE void write_rows(index_t seq, const tensor_view<UK, 3>& k,
                              [[maybe_unused]] const tensor_view<UV, 3>& v) noexcept {
    const index_t tokens = k.extent(0), first = seen(seq);
    for (index_t l = list(seq, 0); l < list(seq, 0) + lists_each(); ++l) {
      index_t& n = at(at_.lengths, l);
      for (index_t t = 0; t < tokens; ++t, ++n) {
        const index_t r = row(l, n), id = r / page_, in = r % page_;
        for (index_t h = 0; h < k_.extent(2); ++h) {
          const index_t from = at_.kv_heads > 0 ? l - list(seq, 0) : h;
          detail::store_row(&k_(id, in, h, 0), &k(t, from, 0), k_.extent(3));
          if constexpr (!Alias) detail::store_row(&v_(id, in, h, 0), &v(t, from, 0), v_.extent(3));
        }
        if (!at_.positions.empty()) at(at_.positions, r) = first + t;
      }
    }
    if (!at_.seen.empty()) at(at_.seen, seq) = first + tokens;
  }
  [[nodiscard]] HEED_INLINE failure check_memory() const noexcept;

  tensor_view<K, 4> k_;
  tensor_view<V, 4> v_;
  paged_cache_memory at_;
  index_t page_, value_offset_, free_ = 0;
  failure broken_ = {};
};

namespace detail {
inline namespace HEED_ISA {
inline failure check_paged_memory(const paged_cache_memory& at, index_t pool_pages, index_t page,
                                  index_t pool_heads) noexcept {
  const index_t lists = count_of(at.lengths), each = greater(at.kv_heads, 1);
  index_t entries = 0, rows = 0;
  if (at.kv_heads < 0) return {errc::bad_extent, "memory", "kv_heads", at.kv_heads, "the least is", 0};
  if (at.kv_heads > 0 && pool_heads != 1)
    return {errc::bad_extent, "k_pool", "extent", pool_heads, "with lists per head it must be", 1, 2};
  if (lists % each != 0)
    return {errc::bad_extent, "memory", "number of lengths", lists, "it must be a multiple of", each};
  if (at.max_pages < 0) return {errc::bad_extent, "memory", "max_pages", at.max_pages, "the least is", 0};
  if (__builtin_mul_overflow(lists, at.max_pages, &entries) || __builtin_mul_overflow(at.max_pages, page, &rows) ||
      rows > most_slots)
    return {errc::size_overflow, "memory", "max_pages", at.max_pages, "too large for this number of lists:", lists};
  if (count_of(at.pages) != entries)
    return {errc::bad_extent, "memory", "number of pages", count_of(at.pages), "lists * max_pages is", entries};
  if (count_of(at.free_pages) < pool_pages)
    return {errc::bad_extent, "memory", "number of free_pages", count_of(at.free_pages), "the pool has", pool_pages};
  if (__builtin_mul_overflow(pool_pages, page, &rows))
    return {errc::size_overflow, "k_pool", "rows", -1, "the limit is 2 to the power of", 63};
  if (!at.seen.empty() && count_of(at.seen) != lists / each)
    return {errc::bad_extent, "memory", "number of seen", count_of(at.seen), "the sequences are", lists / each};
  if (!at.positions.empty() && count_of(at.positions) < rows)
    return {errc::bad_extent, "memory", "number of positions", count_of(at.positions), "the pool's rows are", rows};
  if (at.positions.empty() != at.seen.empty())
    return {errc::bad_extent,
            "memory",
            "number of seen",
            count_of(at.seen),
            "seen and positions come together, positions are",
            count_of(at.positions)};
  return {};
}
} // namespace HEED_ISA
} // namespace detail

template <class K, class V, bool Alias> HEED_INLINE failure paged_cache<K, V, Alias>::check_memory() const noexcept {
  const auto k = detail::as_rank_4(k_);
  const auto v = detail::as_rank_4(v_);
  if (const failure f = detail::check_pair(k, v, 0)) return f;
  if (const failure f = detail::check_writable("k", k, 0)) return f;
  if (const failure f = detail::check_writable("v", v, 0)) return f;
  if (page_ < 1) return {errc::bad_extent, "k", "extent", page_, "the least page is", 1, 1};
  return detail::check_paged_memory(at_, k.extent(0), page_, k.extent(2));
}

} // namespace heed
