// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Lists of kept blocks and single key columns as mask/block_sparse.hpp reads them, and what must hold for them.
#include <heed/mask/check_list.hpp>
#include <heed/mask/run_cursor.hpp>
#include <heed/view/footprint.hpp>
#include <heed/view/index_rows.hpp>

namespace heed {

/// sparse: the head reads a list. dense: it sees all keys. streaming: of the keys up to its own position the first
/// `sinks` and the last `local`, its own included.
enum class head_kind : unsigned char { sparse, dense, streaming };

/// How one query head is treated. list: counted inside its sequence, for sparse heads.
struct block_head {
  head_kind kind = head_kind::sparse;
  index_t list = 0, sinks = 0, local = 0;
  friend HEED_INLINE constexpr bool operator==(const block_head& a, const block_head& b) noexcept {
    return a.kind == b.kind && a.list == b.list && a.sinks == b.sinks && a.local == b.local;
  }
};

/// Which blocks of keys each block of query rows sees. Row block i holds the query rows [i block_rows, (i + 1)
/// block_rows) of its sequence, key block j the positions [j block_keys, (j + 1) block_keys); the last may be ragged.
/// A group of stripe_rows query rows sees its stripes, single key positions, besides. A list is one head's, one
/// key-value head's, or everyone's; a row without entries sees nothing.
///
/// Shapes    full, partial: [sequences][lists][row_blocks] rows of key blocks, or none at all; stripes:
///           [sequences][lists][stripe_groups] rows of key positions, or none; heads: [query heads], or empty: head h
///           reads list h / heads_per_list (one list serves every head)
/// Units     sequences 1: every sequence reads the same lists
/// Requires  entries of a row ascend, inside the keys of the longest sequence, no block both full and partial; rows
///           inside entries; row blocks and stripe groups for every query row; else errc::not_monotone,
///           errc::index_out_of_range, errc::overlap, errc::bad_extent, errc::length_out_of_range
/// Source    compressed rows with counts: PyTorch FlexAttention, BlockMask; with offsets: FlashInfer, block-sparse
///           rows; kinds of heads: mit-han-lab, Block-Sparse-Attention
struct sparse_blocks {
  index_t block_rows = 128, block_keys = 128;
  index_t row_blocks = 0;
  index_t lists = 1, heads_per_list = 1, sequences = 1;
  index_rows full{}, partial{};
  index_t stripe_rows = 0, stripe_groups = 0;
  index_rows stripes{};
  std::span<const block_head> heads{};

  [[nodiscard]] HEED_INLINE block_head head(index_t h) const noexcept {
    if (heads.empty()) return {head_kind::sparse, lists == 1 ? 0 : h / heads_per_list, 0, 0};
    return heads[static_cast<std::size_t>(h)];
  }
  /// Of index_rows: the row of a list's row block or stripe group.
  [[nodiscard]] HEED_INLINE index_t row_of(index_t seq, index_t list, index_t i, index_t rows) const noexcept {
    return ((sequences == 1 ? 0 : seq) * lists + list) * rows + i;
  }
  /// Places of a query row's entries; empty where there are none.
  [[nodiscard]] HEED_INLINE range blocks_at(const index_rows& of, index_t seq, index_t list,
                                            index_t row) const noexcept {
    const index_t i = row / block_rows;
    return i < row_blocks && of.size() > 0 ? of.row(row_of(seq, list, i, row_blocks)) : range{0, 0};
  }
  [[nodiscard]] HEED_INLINE range stripes_at(index_t seq, index_t list, index_t row) const noexcept {
    if (stripe_rows < 1 || stripes.size() == 0) return {0, 0};
    const index_t i = row / stripe_rows;
    return i < stripe_groups ? stripes.row(row_of(seq, list, i, stripe_groups)) : range{0, 0};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return detail::any_shares(f, full.entries, full.begin, full.end, partial.entries, partial.begin, partial.end,
                              stripes.entries, stripes.begin, stripes.end, heads);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept;
};

namespace detail {
inline namespace HEED_ISA {

/// Rows of all sequences and lists; as many as there can be where the product does not fit.
template <class Table> HEED_INLINE index_t rows_in_all(const Table& t, index_t each) noexcept {
  index_t n = 0;
  return __builtin_mul_overflow(t.sequences, t.lists, &n) || __builtin_mul_overflow(n, each, &n) ? PTRDIFF_MAX : n;
}

/// Every row inside the entries, ascending, each entry in [0, limit).
template <class Rows>
failure check_rows(const Rows& r, const char* rows, const char* entries, index_t count, index_t limit) noexcept {
  if (r.begin.size() != r.end.size())
    return {errc::bad_extent, "block_sparse", rows, r.begin.size(), "but their ends are", r.end.size()};
  if (r.size() == 0) return {};
  if (r.size() != count)
    return {errc::bad_extent, "block_sparse", rows, r.size(), "sequences x lists x their count is", count};
  const index_t held = r.entries.size();
  for (index_t i = 0; i < count; ++i) {
    const range at = r.row(i);
    if (at.begin < 0) return {errc::index_out_of_range, "block_sparse", rows, at.begin, "the least begin is", 0, i};
    if (at.end < at.begin) return {errc::not_monotone, "block_sparse", rows, at.end, "their begin is", at.begin, i};
    if (at.end > held) return {errc::index_out_of_range, "block_sparse", rows, at.end, "the entries are", held, i};
    index_t last = -1;
    for (index_t j = at.begin; j < at.end; ++j) {
      const index_t x = r.entries[j];
      if (x < 0 || x >= limit)
        return {errc::index_out_of_range, "block_sparse", entries, x, "it must be at least 0 and below", limit, j};
      if (x <= last)
        return {errc::not_monotone, "block_sparse", entries, x, "it must be above the entry before,", last, j};
      last = x;
    }
  }
  return {};
}

/// Whether two rows hold the same entries.
template <class Rows> bool equal_rows(const Rows& r, range a, range b) noexcept {
  if (a.size() != b.size()) return false;
  for (; !a.empty() && a.begin != b.begin; ++a.begin, ++b.begin)
    if (r.entries[a.begin] != r.entries[b.begin]) return false;
  return true;
}
/// Whether two heads see the same blocks and stripes from query row `row` on.
template <class Table>
bool equal_lists(const Table& t, index_t seq, const block_head& a, const block_head& b, index_t row) noexcept {
  return equal_rows(t.full, t.blocks_at(t.full, seq, a.list, row), t.blocks_at(t.full, seq, b.list, row)) &&
         equal_rows(t.partial, t.blocks_at(t.partial, seq, a.list, row), t.blocks_at(t.partial, seq, b.list, row)) &&
         equal_rows(t.stripes, t.stripes_at(seq, a.list, row), t.stripes_at(seq, b.list, row));
}
/// Whether heads are treated alike in the rows [rows.begin, rows.end), one of which stands for its block and group.
template <class Table> bool equal_heads(const Table& t, index_t seq, range heads, range rows) noexcept {
  const block_head first = t.head(heads.begin);
  for (index_t h = heads.begin + 1; h < heads.end; ++h) {
    const block_head other = t.head(h);
    if (other == first) continue;
    if (first.kind != head_kind::sparse || other.kind != head_kind::sparse) return false;
    for (index_t row = rows.begin; row < rows.end;) {
      if (!equal_lists(t, seq, first, other, row)) return false;
      index_t next = (row / t.block_rows + 1) * t.block_rows;
      if (t.stripe_rows > 0) next = lesser(next, (row / t.stripe_rows + 1) * t.stripe_rows);
      row = next;
    }
  }
  return true;
}

/// No block in both rows.
template <class Rows> failure check_apart(const Rows& full, const Rows& partial) noexcept {
  if (full.size() == 0 || partial.size() == 0) return {};
  for (index_t i = 0; i < full.size(); ++i) {
    range a = full.row(i), b = partial.row(i);
    while (!a.empty() && !b.empty()) {
      const index_t x = full.entries[a.begin], y = partial.entries[b.begin];
      if (x == y) return {errc::overlap, "block_sparse", "partial", y, "it is full too in row", i, b.begin};
      ++(x < y ? a.begin : b.begin);
    }
  }
  return {};
}

template <class Table> failure check_sparse_blocks(const Table& t, const call_extents& e) noexcept {
  const auto least = [](const char* what, index_t value, index_t limit) HEED_BODY {
    return value < limit ? failure{errc::bad_value, "block_sparse", what, value, "the least is", limit} : failure{};
  };
  if (const failure f = least("block_rows", t.block_rows, 1)) return f;
  if (const failure f = least("block_keys", t.block_keys, 1)) return f;
  constexpr index_t most = index_t{1} << 40;
  if (t.block_rows > most)
    return {errc::limit_exceeded, "block_sparse", "block_rows", t.block_rows, "the limit is", most};
  if (t.block_keys > most)
    return {errc::limit_exceeded, "block_sparse", "block_keys", t.block_keys, "the limit is", most};
  if (t.stripe_rows > most)
    return {errc::limit_exceeded, "block_sparse", "stripe_rows", t.stripe_rows, "the limit is", most};
  if (const failure f = least("row_blocks", t.row_blocks, 0)) return f;
  if (const failure f = least("lists", t.lists, 1)) return f;
  if (const failure f = least("heads_per_list", t.heads_per_list, 1)) return f;
  if (const failure f = least("stripe_rows", t.stripe_rows, 0)) return f;
  if (const failure f = least("stripe_groups", t.stripe_groups, 0)) return f;
  if (t.sequences != 1 && t.sequences != e.sequences)
    return {errc::bad_extent, "block_sparse", "sequences", t.sequences, "it must be 1 or the call's,", e.sequences};
  if (t.heads.empty() && t.lists != 1 && e.q_heads % t.heads_per_list != 0)
    return {errc::heads_not_divisible,
            "block_sparse",
            "heads_per_list",
            t.heads_per_list,
            "which does not divide the query heads",
            e.q_heads};
  if (t.heads.empty() && t.lists != 1 && t.lists != e.q_heads / t.heads_per_list)
    return {errc::bad_extent,
            "block_sparse",
            "lists",
            t.lists,
            "it must be 1 or query heads / heads_per_list,",
            e.q_heads / t.heads_per_list};
  if (!t.heads.empty() && static_cast<index_t>(t.heads.size()) != e.q_heads)
    return {errc::bad_extent,  "block_sparse", "count of heads", static_cast<index_t>(t.heads.size()),
            "query heads are", e.q_heads};
  for (std::size_t h = 0; h < t.heads.size(); ++h) {
    const block_head& x = t.heads[h];
    const auto at = static_cast<index_t>(h);
    if (x.kind == head_kind::sparse && (x.list < 0 || x.list >= t.lists))
      return {errc::index_out_of_range,
              "block_sparse",
              "list of head",
              x.list,
              "it must be at least 0 and below",
              t.lists,
              at};
    if (x.sinks < 0) return {errc::bad_value, "block_sparse", "sinks of head", x.sinks, "the least is", 0, at};
    if (x.kind == head_kind::streaming && x.local < 1)
      return {errc::bad_value, "block_sparse", "local of head", x.local, "the least is", 1, at};
  }
  index_t seen = 0;
  for (index_t s = 0; s < e.sequences; ++s) {
    seen = greater(seen, e.seen(s));
    const index_t rows = e.rows(s);
    if ((rows + t.block_rows - 1) / t.block_rows > t.row_blocks && t.full.size() + t.partial.size() > 0)
      return {errc::length_out_of_range, "block_sparse", "row_blocks", t.row_blocks, "too few for query rows", rows, s};
    if (t.stripe_rows > 0 && t.stripes.size() > 0 && (rows + t.stripe_rows - 1) / t.stripe_rows > t.stripe_groups)
      return {errc::length_out_of_range,
              "block_sparse",
              "stripe_groups",
              t.stripe_groups,
              "too few for query rows",
              rows,
              s};
  }
  const index_t blocks = (seen + t.block_keys - 1) / t.block_keys;
  const index_t rows = rows_in_all(t, t.row_blocks), groups = rows_in_all(t, t.stripe_groups);
  if (const failure f = check_rows(t.full, "rows of full blocks", "full", rows, blocks)) return f;
  if (const failure f = check_rows(t.partial, "rows of partial blocks", "partial", rows, blocks)) return f;
  if (const failure f = check_apart(t.full, t.partial)) return f;
  return check_rows(t.stripes, "rows of stripes", "stripes", groups, seen);
}

} // namespace HEED_ISA
} // namespace detail

HEED_INLINE failure sparse_blocks::check(const call_extents& e) const noexcept {
  return detail::check_sparse_blocks(*this, e);
}

} // namespace heed
