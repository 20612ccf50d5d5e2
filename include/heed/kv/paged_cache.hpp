// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A paged cache: hands out pages of a pool, appends tokens, evicts slots per head, takes pages back.
#include <heed/kv/list_cache.hpp>
#include <heed/kv/paged.hpp>

namespace heed {

/// What a paged cache keeps its order in. The caller owns it, for as long as the cache and its sources live.
///
/// Shapes    kv_heads: 0: a page list serves all heads of a sequence; else each (sequence, kv head) has its own list,
///           and a page of the pool holds one head. lists = sequences, or sequences * kv_heads
///           pages: [lists][max_pages]; lengths: [lists]; free_pages: [pages of the pool]
///           seen: [sequences], positions: [pages of the pool][page]; both, or neither where nothing is ever evicted.
///           bias: as positions, or empty; means: optional
struct paged_cache_memory {
  index_t kv_heads = 0;
  std::span<index_t> pages = {};
  index_t max_pages = 0;
  std::span<index_t> lengths = {}, free_pages = {}, seen = {}, positions = {};
  std::span<float> bias = {};
  slot_means means = {};
};

/// Sequences that share the pages of one pool. Appending takes pages from the free list, released ones are used again,
/// the last released first. Never allocates. Changes nothing if it refuses. Alias: the value pool is a part of the key
/// pool, from value_offset on (kv/latent_cache.hpp makes such a cache); tokens are appended as rows of keys alone.
///
/// Shapes    pools: [pages][page][kv_heads][dim], or [pages][page][1][dim] with lists per head
/// Laws      evicting_cache; source() is lawful after any calls; a page is in one list or free, never both
/// Cost      append and keep O(rows moved); the rest O(pages)
template <class K, class V, bool Alias = false> class paged_cache : public list_cache<paged_cache<K, V, Alias>> {
  friend class list_cache<paged_cache>;

public:
  using key_element = K;
  using value_element = V;

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
    detail::forget_all_folded(at_.means);
  }
  paged_cache(const paged_cache&) = delete; // two copies would hand out the same page
  paged_cache& operator=(const paged_cache&) = delete;

  [[nodiscard]] HEED_INLINE failure check() const noexcept { return broken_; }
  [[nodiscard]] HEED_INLINE index_t sequences() const noexcept {
    return static_cast<index_t>(at_.lengths.size()) / greater(at_.kv_heads, 1);
  }
  [[nodiscard]] HEED_INLINE index_t kv_heads() const noexcept { return at_.kv_heads > 0 ? at_.kv_heads : k_.extent(2); }
  /// Whether the heads of a sequence may keep different slots.
  [[nodiscard]] HEED_INLINE bool per_head() const noexcept { return at_.kv_heads > 0; }
  [[nodiscard]] HEED_INLINE index_t free_pages() const noexcept { return free_; }
  /// Bytes of the pages in use, with what their slots carry, and of the means. What is not held serves any sequence.
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept {
    const index_t row = detail::bytes<K>(k_.extent(3)) + (Alias ? 0 : detail::bytes<V>(v_.extent(3)));
    const index_t carried =
        (at_.positions.empty() ? 0 : detail::bytes<index_t>(1)) + (at_.bias.empty() ? 0 : detail::bytes<float>(1));
    return (k_.extent(0) - free_) * page_ * (row * k_.extent(2) + carried) + detail::bytes_of(at_.means);
  }
  /// Bytes of the memory that it was given.
  [[nodiscard]] HEED_INLINE index_t bytes_reserved() const noexcept {
    return k_.size() * detail::bytes<K>(1) + (Alias ? 0 : v_.size() * detail::bytes<V>(1)) +
           detail::bytes_of(at_.pages) + detail::bytes_of(at_.lengths) + detail::bytes_of(at_.free_pages) +
           detail::bytes_of(at_.seen) + detail::bytes_of(at_.positions) + detail::bytes_of(at_.bias) +
           detail::bytes_of(at_.means);
  }
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
    return {detail::as_rank_4(k_), detail::as_rank_4(v_), lists, paged_slots{at_.positions, at_.bias, at_.seen},
            value_offset_};
  }

  /// Writes tokens behind the last of a sequence: k, v [tokens][kv_heads][dim].
  template <storable_as<K> UK, storable_as<V> UV>
  requires(!Alias) [[nodiscard]] HEED_INLINE failure
      append(index_t seq, const tensor_view<UK, 3>& k, const tensor_view<UV, 3>& v) noexcept {
    if (broken_) return broken_;
    const failure f = detail::check_fresh(seq, sequences(), k, v, kv_heads(), k_.extent(3), v_.extent(3));
    if (f) return f;
    return append(seq, k, v, detail::every_head{});
  }
  /// The same where values are a part of their keys: rows [tokens][kv_heads][dim].
  template <storable_as<K> U>
  requires Alias [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<U, 3>& rows) noexcept {
    if (broken_) return broken_;
    const index_t dim = k_.extent(3);
    if (const failure f = detail::check_fresh(seq, sequences(), rows, rows, kv_heads(), dim, dim)) return f;
    return append(seq, rows, rows, detail::every_head{});
  }
  /// Pages that tokens more of a sequence would take from the free ones.
  [[nodiscard]] HEED_INLINE index_t pages_wanted(index_t seq, index_t tokens) const noexcept {
    index_t wanted = 0;
    for (index_t l = list(seq, 0); l < list(seq, 0) + lists_each(); ++l)
      wanted += pages_for(at(at_.lengths, l) + tokens) - pages_for(at(at_.lengths, l));
    return wanted;
  }
  /// Whether append would take so many tokens.
  [[nodiscard]] HEED_INLINE failure check_room(index_t seq, index_t tokens) const noexcept {
    if (const failure f = check_index("append", seq, 0)) return f;
    for (index_t h = 0; h < lists_each(); ++h)
      if (const index_t room = at_.max_pages * page_ - slots(seq, h); tokens > room)
        return {errc::limit_exceeded, "append", "tokens", tokens, "the slots left in the page list are", room};
    if (const index_t wanted = pages_wanted(seq, tokens); wanted > free_)
      return {errc::limit_exceeded, "append", "pages wanted", wanted, "but the free pages are", free_};
    return {};
  }
  /// Head h takes the fresh head from(h), of views that were checked.
  template <class UK, class UV, class Heads>
  [[nodiscard]] HEED_INLINE failure append(index_t seq, const tensor_view<UK, 3>& k, const tensor_view<UV, 3>& v,
                                           const Heads& from) noexcept {
    if (const failure f = check_room(seq, k.extent(0))) return f;
    write_rows(seq, k, v, from);
    return {};
  }

private:
  struct row_access {
    const paged_cache& c;
    index_t heads, key_dim, value_dim;
    const slot_means& means;
    HEED_INLINE K* key(index_t list, index_t slot, index_t h) const noexcept {
      const index_t r = c.row(list, slot);
      return &c.k_(r / c.page_, r % c.page_, h, 0);
    }
    HEED_INLINE V* value(index_t list, index_t slot, index_t h) const noexcept {
      if constexpr (Alias) return nullptr;
      const index_t r = c.row(list, slot);
      return &c.v_(r / c.page_, r % c.page_, h, 0);
    }
    HEED_INLINE index_t* position(index_t list, index_t slot) const noexcept {
      return c.at_.positions.empty() ? nullptr : &at(c.at_.positions, c.row(list, slot));
    }
    HEED_INLINE float* bias(index_t list, index_t slot) const noexcept {
      return c.at_.bias.empty() ? nullptr : &at(c.at_.bias, c.row(list, slot));
    }
  };
  template <class T> static HEED_INLINE T& at(std::span<T> list, index_t i) noexcept {
    return list[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] HEED_INLINE index_t lists_each() const noexcept { return greater(at_.kv_heads, 1); }
  [[nodiscard]] HEED_INLINE index_t list(index_t seq, index_t kv_head) const noexcept {
    return at_.kv_heads > 0 ? seq * at_.kv_heads + kv_head : seq;
  }
  [[nodiscard]] HEED_INLINE row_access rows() const noexcept {
    return {*this, k_.extent(2), k_.extent(3), v_.extent(3), at_.means};
  }
  [[nodiscard]] HEED_INLINE index_t length(index_t list) const noexcept { return at(at_.lengths, list); }
  HEED_INLINE void set_seen(index_t seq, index_t n) noexcept {
    if (!at_.seen.empty()) at(at_.seen, seq) = n;
  }
  [[nodiscard]] HEED_INLINE const slot_means& memory_of_means() const noexcept { return at_.means; }
  [[nodiscard]] HEED_INLINE detail::carried carries() const noexcept {
    return {!at_.positions.empty(), !at_.bias.empty()};
  }
  /// Whether lists of other lengths fit in the place of what a sequence holds.
  template <class Lengths>
  [[nodiscard]] HEED_INLINE failure check_fit(const char* call, index_t seq, const Lengths& wanted) const noexcept {
    index_t pages = 0, given = free_;
    for (index_t i = 0; i < lists_each(); ++i) {
      if (wanted(i) > at_.max_pages * page_)
        return {errc::limit_exceeded, call, "slots", wanted(i), "the page list has room for", at_.max_pages * page_, i};
      pages += pages_for(wanted(i));
      given += pages_for(at(at_.lengths, list(seq, 0) + i));
    }
    if (pages > given) return {errc::limit_exceeded, call, "pages wanted", pages, "but the pages to have are", given};
    return {};
  }
  [[nodiscard]] HEED_INLINE failure check_index(const char* call, index_t seq, index_t kv_head) const noexcept {
    if (broken_) return broken_;
    return detail::check_list_index(call, seq, sequences(), kv_head, kv_heads());
  }
  /// Row of the pool (page * page length + place) that holds a slot.
  [[nodiscard]] HEED_INLINE index_t row(index_t list, index_t slot) const noexcept {
    return at(at_.pages, list * at_.max_pages + slot / page_) * page_ + slot % page_;
  }
  [[nodiscard]] HEED_INLINE index_t pages_for(index_t slots) const noexcept {
    return slots / page_ + (slots % page_ != 0 ? 1 : 0);
  }
  /// Takes pages from the free ones, or gives them back; there are enough.
  HEED_INLINE void set_length(index_t list, index_t slots) noexcept {
    index_t& n = at(at_.lengths, list);
    for (index_t i = pages_for(n); i-- > pages_for(slots);) {
      index_t& id = at(at_.pages, list * at_.max_pages + i);
      at(at_.free_pages, free_++) = id;
      id = -1;
    }
    for (index_t i = pages_for(n); i < pages_for(slots); ++i)
      at(at_.pages, list * at_.max_pages + i) = at(at_.free_pages, --free_);
    n = slots;
  }
  template <class UK, class UV, class Heads>
  HEED_INLINE void write_rows(index_t seq, const tensor_view<UK, 3>& k, const tensor_view<UV, 3>& v,
                              const Heads& from) noexcept {
    const index_t tokens = k.extent(0), first = seen(seq);
    const auto r = rows();
    for (index_t l = list(seq, 0); l < list(seq, 0) + lists_each(); ++l) {
      const index_t before = at(at_.lengths, l);
      set_length(l, before + tokens);
      const auto fresh = [&](index_t h) HEED_BODY { return from(at_.kv_heads > 0 ? l - list(seq, 0) : h); };
      detail::write_slots(r, l, before, k, v, fresh, first);
    }
    set_seen(seq, first + tokens);
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
  if (!at.bias.empty() && count_of(at.bias) < rows)
    return {errc::bad_extent, "memory", "number of bias", count_of(at.bias), "the pool's rows are", rows};
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
  if (const failure f = detail::check_paged_memory(at_, k.extent(0), page_, k.extent(2))) return f;
  if (Alias && !at_.means.slots.empty())
    return {errc::bad_value, "means", "number of slots", detail::count_of(at_.means.slots), "latent rows allow", 0};
  return detail::check_means(at_.means, detail::count_of(at_.lengths), k.extent(2), k.extent(3), v.extent(3),
                             detail::count_of(at_.bias));
}

} // namespace heed
