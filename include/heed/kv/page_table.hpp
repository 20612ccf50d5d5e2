// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How engines say which pages a sequence holds: compressed lists, a dense block table, or lists per key-value head.
#include <heed/kv/checks.hpp>

namespace heed {

/// Compressed page lists, as FlashInfer keeps them.
///
/// Shapes    offsets: [sequences + 1]; pages: [offsets.back()]; last_page_len: [sequences]
/// Requires  last_page_len in [1, page] where the list holds a page; a page id of -1 is a hole
struct page_table {
  index_list offsets = {}, pages = {}, last_page_len = {};
};

/// A dense block table, as FlashAttention and vLLM keep it. Entries behind a sequence's length are never read.
///
/// Shapes    pages: [sequences][max_pages]; lengths, in tokens: [sequences]
/// Requires  lengths <= max_pages * page; a page id of -1 is a hole
struct block_table {
  index_list pages = {};
  index_t max_pages = 0;
  index_list lengths = {};
};

/// A list of pages for each key-value head, as eviction per head leaves them: compressed with offsets, or dense.
///
/// Shapes    compressed: offsets [sequences * kv_heads + 1], pages [offsets.back()]. dense: pages [sequences *
/// kv_heads]
///           [max_pages]. lengths, in tokens: [sequences * kv_heads]
/// Requires  lengths <= listed pages * page; a page id of -1 is a hole
struct head_page_table {
  index_t kv_heads = 0;
  index_list offsets = {}, pages = {};
  index_t max_pages = 0;
  index_list lengths = {};
};

/// What the slots of a pool carry besides keys and values, stored like them: entry page id * page + place in the page.
///
/// Shapes    positions, bias: [pages][page]; seen: [sequences]
/// Units     bias: natural logarithm; -inf: the slot is skipped
/// Requires  with slot_order::any `seen` is given; with positions that ascend no page is a hole. Without `seen` it is
///           one past the last position
struct paged_slots {
  std::span<const index_t> positions = {};
  std::span<const float> bias = {};
  index_list seen = {};
  slot_order order = slot_order::ascending;
};

namespace detail {

/// One of the tables above, ready to look up. There is a list per sequence, or one per (sequence, kv head).
struct page_lists {
  const char* name;
  index_list offsets = {}, pages = {}, lengths = {};
  index_t lists = 0, max_pages = 0, heads = 0; ///< heads: 0 where a list serves all heads
  bool per_head = false, dense = false;
  bool by_last_page = false; ///< lengths count the rows of the last page only

  HEED_INLINE explicit page_lists(const page_table& t) noexcept
      : name("page_table"), offsets(t.offsets), pages(t.pages), lengths(t.last_page_len), lists(t.offsets.size() - 1),
        by_last_page(true) {}
  HEED_INLINE explicit page_lists(const block_table& t) noexcept
      : name("block_table"), pages(t.pages), lengths(t.lengths), lists(t.lengths.size()), max_pages(t.max_pages),
        dense(true) {}
  HEED_INLINE explicit page_lists(const head_page_table& t) noexcept
      : name("head_page_table"), offsets(t.offsets), pages(t.pages), lengths(t.lengths), lists(t.lengths.size()),
        max_pages(t.max_pages), heads(t.kv_heads), per_head(true), dense(t.offsets.empty()) {}

  [[nodiscard]] HEED_INLINE index_t sequences() const noexcept { return heads > 0 ? lists / heads : lists; }
  [[nodiscard]] HEED_INLINE index_t list(index_t seq, index_t kv_head) const noexcept {
    return heads > 0 ? seq * heads + kv_head : seq;
  }
  /// Index of a list's first entry in `pages`, and how many entries it has.
  [[nodiscard]] HEED_INLINE index_t first(index_t list) const noexcept {
    return dense ? list * max_pages : offsets[list];
  }
  [[nodiscard]] HEED_INLINE index_t count(index_t list) const noexcept {
    return dense ? max_pages : offsets[list + 1] - offsets[list];
  }
  [[nodiscard]] HEED_INLINE index_t length(index_t list, index_t page) const noexcept {
    if (!by_last_page) return lengths[list];
    const index_t n = count(list);
    return n > 0 ? (n - 1) * page + lengths[list] : 0;
  }
};

inline namespace HEED_ISA {

/// Refuses lists that do not fit their tables; the ids of the pages in use must be in [-1, pool_pages).
inline failure check_page_lists(const page_lists& t, index_t pool_pages, index_t page, index_t pool_heads) noexcept {
  const char* name = t.name;
  if (t.per_head) {
    if (t.heads < 1) return {errc::bad_extent, name, "kv_heads", t.heads, "the least is", 1};
    if (pool_heads != 1 && pool_heads != t.heads)
      return {errc::bad_extent, name, "kv_heads", t.heads, "but the pool has", pool_heads};
    if (t.lists % t.heads != 0)
      return {errc::bad_extent, name, "number of lengths", t.lists, "it must be a multiple of", t.heads};
  }
  if (t.dense) {
    index_t entries = 0;
    if (t.max_pages < 0) return {errc::bad_extent, name, "max_pages", t.max_pages, "the least is", 0};
    if (__builtin_mul_overflow(t.lists, t.max_pages, &entries))
      return {errc::size_overflow, name, "max_pages", t.max_pages, "too large for this number of lists:", t.lists};
    if (t.pages.size() < entries)
      return {errc::bad_extent, name, "number of pages", t.pages.size(), "lists * max_pages is", entries};
  } else {
    if (const failure f = check_offsets(name, t.offsets, t.lists, t.pages.size())) return f;
    const char* what = t.by_last_page ? "number of last_page_len" : "number of lengths";
    if (const failure f = check_count(name, what, t.lengths.size(), t.lists)) return f;
  }
  for (index_t l = 0; l < t.lists; ++l) {
    const index_t n = t.count(l), given = t.lengths[l];
    index_t room = 0;
    if (__builtin_mul_overflow(n, page, &room) || room > most_slots)
      return {errc::size_overflow, name, "slots", n, "pages of this size are too many:", page, l};
    const bool last = t.by_last_page;
    const char* what = last ? "last_page_len" : "lengths";
    const index_t least = last && n > 0 ? 1 : 0, most = last ? lesser(page, room) : room;
    if (given < least) return {errc::length_out_of_range, name, what, given, "the least is", least, l};
    if (given > most && !(last && n == 0))
      return {errc::length_out_of_range, name, what, given, "the most is", most, l};
    const index_t length = t.length(l, page), used = length / page + (length % page != 0 ? 1 : 0);
    for (index_t i = t.first(l); i < t.first(l) + used; ++i) {
      const index_t id = t.pages[i];
      if (id < -1) return {errc::index_out_of_range, name, "pages", id, "the least is (a hole)", -1, i};
      if (id >= pool_pages) return {errc::index_out_of_range, name, "pages", id, "but the pool has", pool_pages, i};
    }
  }
  return {};
}

/// Refuses positions, bias and seen counts that do not fit the pool or the lists.
inline failure check_paged_slots(const page_lists& t, const paged_slots& at, index_t pool_pages, index_t page,
                                 index_t kv_heads) noexcept {
  const bool placed = !at.positions.empty(), ascends = at.order == slot_order::ascending;
  const index_t sequences = t.sequences();
  index_t rows = 0;
  if (__builtin_mul_overflow(pool_pages, page, &rows))
    return {errc::size_overflow, "k", "rows of the pool", -1, "the limit is 2 to the power of", 63};
  if (placed && count_of(at.positions) < rows) {
    const index_t n = count_of(at.positions);
    return {errc::bad_extent, "positions", "number of entries", n, "the pool's rows are", rows};
  }
  if (!at.bias.empty() && count_of(at.bias) < rows) {
    const index_t n = count_of(at.bias);
    return {errc::bad_extent, "bias", "number of entries", n, "the pool's rows are", rows};
  }
  if (!at.seen.empty())
    if (const failure f = check_count("seen", "number of entries", at.seen.size(), sequences)) return f;
  if (placed && !ascends && at.seen.empty() && sequences > 0)
    return {errc::bad_value, "seen", "number of entries", 0, "slot_order::any needs one per sequence:", sequences};
  for (index_t s = 0; s < sequences; ++s) {
    const index_t seen = at.seen.empty() ? most_slots : at.seen[s];
    if (seen < 0) return {errc::length_out_of_range, "seen", "seen", seen, "the least is", 0, s};
    for (index_t h = 0; h < (t.heads > 0 ? kv_heads : 1); ++h) {
      const index_t list = t.list(s, h), n = t.length(list, page);
      if (!placed && n > seen) return {errc::length_out_of_range, "seen", "seen", seen, "the least is", n, s};
      index_t last = -1;
      for (index_t i = 0, entry = t.first(list); placed && i < n; i += page, ++entry) {
        const index_t id = t.pages[entry];
        if (id < 0 && ascends) {
          return {errc::index_out_of_range,
                  "pages",
                  "pages",
                  id,
                  "positions that ascend allow no hole, the least is",
                  0,
                  entry};
        }
        if (id < 0) continue;
        const index_t* p = at.positions.data() + id * page;
        const failure f = check_positions("positions", p, lesser(page, n - i), seen, at.order, id * page, last);
        if (f) return f;
      }
    }
  }
  return {};
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
