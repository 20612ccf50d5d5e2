// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Each query row sees the keys at listed positions, the same for all heads: token-level top-k selections.
#include <heed/mask/check_list.hpp>
#include <heed/mask/key_words.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Lists of key positions, one per query row, compressed with offsets or dense with a width. -1 is a hole. Sequence s
/// has the lists [query_offsets[s], query_offsets[s + 1]); with one sequence these may be left out.
///
/// Shapes    compressed: offsets [rows + 1], positions [offsets.back()]. dense: positions [rows][width]
/// Requires  a list ascends strictly, holes at its end: order_key_lists brings a selector's lists into that form
struct listed_keys {
  index_list positions = {}, offsets = {};
  index_t width = 0;
  index_list query_offsets = {};
};

/// The mask of such lists. Where the indices are physical rows of a pool, take a gathered source.
///
/// Tiles     Where heads of one row fill a good part of a tile (capacity up to 24 rows) each row is a tile of its own,
///           so that no key is read that its list does not hold; else rows share tiles over the union of their lists
/// Requires  a list for each query row, else errc::bad_extent, errc::length_out_of_range, errc::not_monotone,
///           errc::index_out_of_range
/// Laws      bit_mask, tight_mask, key_word_mask, query_tiler
/// Cost      a tile of one row: O(log list) and one step per key. Otherwise one word per row and 64 keys
/// Source    DeepSeek-AI 2025, DeepSeek-V3.2-Exp (sparse attention: the indexer's top 2048 tokens of each query)
class key_lists {
public:
  static constexpr bool tight = true;
  static constexpr index_t most_rows_alone = 24;

  HEED_INLINE explicit key_lists(const listed_keys& lists) noexcept : at_(lists) {}

  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept {
    const range l = list(at.seq, at.row);
    const index_t i = first_at(l, at.k);
    return i < l.end && at_.positions[i] == at.k;
  }
  [[nodiscard]] HEED_INLINE std::uint64_t keys_from(cell at) const noexcept {
    const range l = list(at.seq, at.row);
    std::uint64_t word = 0;
    for (index_t i = first_at(l, at.k); i < l.end; ++i) {
      const index_t b = at_.positions[i] - at.k;
      if (b < 0 || b >= 64) break;
      word |= std::uint64_t{1} << b;
    }
    return word;
  }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    if (t.rows.size() != 1) {
      if (!t.rows.empty()) static_cast<void>(put_words(w, *this, t, t.k));
      return w.n;
    }
    const range l = list(t.seq, t.rows[0]);
    for (index_t i = first_at(l, t.k.begin); i < l.end;) {
      const index_t k = at_.positions[i];
      if (k < 0 || k >= t.k.end) break;
      index_t end = k + 1;
      for (++i; i < l.end && at_.positions[i] == end; ++i) ++end;
      if (!w.put({k, end}, coverage::full)) break;
    }
    return w.n;
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    word_bits(*this, t, k, rows);
  }

  [[nodiscard]] HEED_INLINE index_t query_tiles(index_t, index_t rows, index_t capacity) const noexcept {
    const index_t each = rows_each(capacity);
    return (rows + each - 1) / each;
  }
  [[nodiscard]] HEED_INLINE index_t query_tile(index_t, index_t rows, index_t capacity, index_t i,
                                               std::span<index_t> out) const noexcept {
    const index_t each = rows_each(capacity);
    index_t n = 0;
    for (index_t r = i * each; r < lesser(rows, (i + 1) * each); ++r) out[static_cast<std::size_t>(n++)] = r;
    return n;
  }
  [[nodiscard]] HEED_INLINE index_t most_query_tiles(index_t sequences, index_t rows, index_t capacity) const noexcept {
    return capacity <= most_rows_alone ? rows : rows / capacity + sequences;
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::any_shares(f, at_.positions, at_.offsets, at_.query_offsets);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    const index_t lists = count();
    if (lists < 0) return {errc::bad_extent, "key_lists", "width", at_.width, "the least is", 1};
    if (const failure f = detail::check_optional_offsets("key_lists", "query_offsets", "count of query_offsets",
                                                         at_.query_offsets, lists, e))
      return f;
    if (!at_.offsets.empty())
      for (index_t i = 0; i <= lists; ++i) {
        const index_t x = at_.offsets[i], least = i > 0 ? at_.offsets[i - 1] : 0;
        if (x < least) return {errc::not_monotone, "key_lists", "offsets", x, "the least is", least, i};
        if (x > at_.positions.size())
          return {errc::length_out_of_range, "key_lists", "offsets", x, "the positions are", at_.positions.size(), i};
      }
    for (index_t s = 0; s < e.sequences; ++s) {
      const range mine = detail::part_of(at_.query_offsets, lists, s);
      if (mine.size() < e.rows(s))
        return {
            errc::length_out_of_range, "key_lists", "count of lists", mine.size(), "the query rows are", e.rows(s), s};
      for (index_t r = 0; r < e.rows(s); ++r)
        if (const failure f = check_list(list(s, r), e.seen(s))) return f;
    }
    return {};
  }

private:
  [[nodiscard]] static HEED_INLINE index_t rows_each(index_t capacity) noexcept {
    return capacity <= most_rows_alone ? 1 : capacity;
  }
  /// Lists there are; -1: a width that is none.
  [[nodiscard]] HEED_INLINE index_t count() const noexcept {
    if (!at_.offsets.empty()) return at_.offsets.size() - 1;
    if (at_.width < 1) return at_.positions.empty() && at_.width == 0 ? 0 : -1;
    return at_.positions.size() / at_.width;
  }
  [[nodiscard]] HEED_INLINE range list(index_t seq, index_t row) const noexcept {
    const range mine = detail::part_of(at_.query_offsets, count(), seq);
    if (row < 0 || row >= mine.size()) return {0, 0};
    const index_t l = mine.begin + row;
    return at_.offsets.empty() ? range{l * at_.width, (l + 1) * at_.width} : range{at_.offsets[l], at_.offsets[l + 1]};
  }
  /// The first entry of a list that is a hole or at least x.
  [[nodiscard]] HEED_INLINE index_t first_at(range l, index_t x) const noexcept {
    while (l.begin < l.end) {
      const index_t middle = l.begin + (l.end - l.begin) / 2, k = at_.positions[middle];
      if (k >= 0 && k < x)
        l.begin = middle + 1;
      else
        l.end = middle;
    }
    return l.begin;
  }
  [[nodiscard]] HEED_INLINE failure check_list(range l, index_t seen) const noexcept {
    index_t last = -1;
    bool ended = false;
    for (index_t i = l.begin; i < l.end; ++i) {
      const index_t k = at_.positions[i];
      if (k < -1) return {errc::index_out_of_range, "key_lists", "positions", k, "the least is (a hole)", -1, i};
      if (k >= seen) return {errc::index_out_of_range, "key_lists", "positions", k, "but the tokens seen are", seen, i};
      if (k >= 0 && (ended || k <= last))
        return {errc::not_monotone,
                "key_lists",
                "positions",
                k,
                ended ? "behind a hole it must be" : "it must be above",
                ended ? -1 : last,
                i};
      ended = k < 0;
      if (k >= 0) last = k;
    }
    return {};
  }

  listed_keys at_;
};

inline namespace HEED_ISA {

/// Brings each list of `width` positions into ascending order with the holes at its end, in place: what a selector's
/// top-k leaves by score. Allocates nothing.
///
/// Shapes    positions: [rows][width]
/// Cost      O(width log width) per list
template <class Index> void order_key_lists(std::span<Index> positions, index_t width) noexcept {
  if (width < 1) return;
  const auto behind = [](Index a, Index b) HEED_BODY { // holes are larger than any position
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(a)) >
           static_cast<std::uint64_t>(static_cast<std::int64_t>(b));
  };
  for (auto rest = positions; static_cast<index_t>(rest.size()) >= width;
       rest = rest.subspan(static_cast<std::size_t>(width))) {
    Index* const x = rest.data();
    const auto sift = [&](index_t root, index_t end) HEED_BODY {
      for (;;) {
        index_t child = 2 * root + 1;
        if (child >= end) return;
        if (child + 1 < end && behind(x[child + 1], x[child])) ++child;
        if (!behind(x[child], x[root])) return;
        const Index swap = x[root];
        x[root] = x[child];
        x[child] = swap;
        root = child;
      }
    };
    for (index_t i = width / 2; i-- > 0;) sift(i, width);
    for (index_t end = width; end-- > 1;) {
      const Index swap = x[0];
      x[0] = x[end];
      x[end] = swap;
      sift(0, end);
    }
  }
}

} // namespace HEED_ISA

static_assert(bit_mask<key_lists> && tight_mask<key_lists> && key_word_mask<key_lists>);
static_assert(bounded_query_tiler<key_lists> && self_checking<key_lists>);

} // namespace heed
