// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Block-sparse attention: a block of query rows sees listed blocks of keys, and single keys besides.
#include <heed/mask/all_of.hpp>
#include <heed/mask/any_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/first_keys.hpp>
#include <heed/mask/full.hpp>
#include <heed/mask/key_words.hpp>
#include <heed/mask/sliding_window.hpp>
#include <heed/mask/sparse_blocks.hpp>

namespace heed {

/// A query sees the key blocks that its row block lists as full, its group's stripes, and of the blocks listed as
/// partial the keys that `cells` lets it see. Heads may differ; some may be dense or streaming. Usually together with
/// causal: all_of(block_sparse(table), causal{}). Lists cost nothing to build for one who has them: sparse/ owns
/// lists and reads other formats.
///
/// Requires  as sparse_blocks and cells; the numbers outlive the mask
/// Laws      bit_mask, head_aware (alike: heads of one list; alike_in: of equal lists), query_tiler: a tile lies in one
/// row block, or in
///           several where these are smaller than a vector; tight_mask where cells is one
/// Cost      runs: O(log entries) per call and O(1) per block, for tiles of one row block and one list; others one
///           word per row, head and 64 keys. bits: O(1) per key and row block while keys ascend. check: one pass over
///           the lists
template <mask Cells = full> class block_sparse {
public:
  static constexpr bool tight = tight_mask<Cells>;

  HEED_INLINE explicit block_sparse(const sparse_blocks& table, Cells cells = {}) noexcept
      : table_(table), cells_(cells) {}

  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept;
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept;
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
                        std::span<std::uint64_t> rows) const noexcept;

  [[nodiscard]] HEED_INLINE bool alike(range heads) const noexcept {
    const block_head first = table_.head(heads.begin);
    for (index_t h = heads.begin + 1; h < heads.end; ++h)
      if (!(table_.head(h) == first)) return false;
    return heed::alike(cells_, heads);
  }
  /// The same treatment, or lists with the same entries.
  [[nodiscard]] HEED_INLINE bool alike_in(index_t seq, index_t rows, range heads) const noexcept;
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return table_.touches(f) || detail::touches(cells_, f);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = table_.check(e)) return f;
    if constexpr (self_checking<Cells>) return cells_.check(e);
    return {};
  }

  /// Rows of whole row blocks that tiles are cut from: one row block, or as many as fit into capacity / 12 rows, one
  /// vector of the 4 x 3 that a tile has: a pass of a vector costs the same however many of its lanes are used.
  [[nodiscard]] HEED_INLINE index_t unit_rows(index_t capacity) const noexcept {
    return greater(1, capacity / 12 / table_.block_rows) * table_.block_rows;
  }
  [[nodiscard]] HEED_INLINE index_t query_tiles(index_t, index_t rows, index_t capacity) const noexcept {
    const index_t unit = unit_rows(capacity), rest = rows % unit;
    return rows / unit * ((unit + capacity - 1) / capacity) + (rest + capacity - 1) / capacity;
  }
  [[nodiscard]] HEED_INLINE index_t query_tile(index_t, index_t rows, index_t capacity, index_t i,
                                               std::span<index_t> out) const noexcept {
    const index_t unit = unit_rows(capacity), each = (unit + capacity - 1) / capacity;
    const index_t first = i / each * unit + i % each * capacity;
    const index_t end = lesser(lesser(first + capacity, (i / each + 1) * unit), rows);
    for (index_t r = first; r < end; ++r) out[static_cast<std::size_t>(r - first)] = r;
    return greater(end - first, 0);
  }

  [[nodiscard]] HEED_INLINE index_t most_query_tiles(index_t sequences, index_t rows, index_t capacity) const noexcept {
    // Of each sequence the units that are whole, and the rest, which may be far less than a unit.
    const index_t unit = unit_rows(capacity), each = (unit + capacity - 1) / capacity;
    return rows / unit * each + lesser(sequences * lesser(each, rows), rows / capacity + sequences);
  }

  [[nodiscard]] HEED_INLINE const sparse_blocks& table() const noexcept { return table_; }
  [[nodiscard]] HEED_INLINE const Cells& cells() const noexcept { return cells_; }

private:
  sparse_blocks table_;
  Cells cells_;
};
template <mask Cells> block_sparse(const sparse_blocks&, Cells) -> block_sparse<Cells>;
block_sparse(const sparse_blocks&)->block_sparse<full>;

namespace detail {

/// A streaming head as the masks that it consists of.
HEED_INLINE auto streaming_mask(const block_head& h) noexcept {
  return all_of(causal{}, any_of(first_keys{h.sinks}, sliding_window{h.local - 1, 0}));
}

/// 64 keys of one row from position k on: those seen for sure, and those that only cells can tell.
struct block_words {
  std::uint64_t sure = 0, asked = 0;
};

inline namespace HEED_ISA {

HEED_INLINE std::uint64_t bits_of(range keys, index_t k) noexcept {
  const index_t a = lesser(greater(keys.begin - k, 0), 64), b = lesser(greater(keys.end - k, 0), 64);
  return low_bits(b) & ~low_bits(a);
}

template <class Table>
block_words words_at(const Table& t, index_t seq, const block_head& h, index_t row, index_t q, index_t k) noexcept {
  block_words w;
  if (h.kind == head_kind::dense) {
    w.sure = ~std::uint64_t{0};
  } else if (h.kind == head_kind::streaming) {
    w.sure = (bits_of({k, h.sinks}, k) | bits_of({greater(k, q + 1 - h.local), q + 1}, k)) & bits_of({k, q + 1}, k);
  } else {
    const auto add = [&](const index_rows& rows, range row_places, index_t size, std::uint64_t& out) HEED_BODY {
      if (row_places.empty()) return;
      for (index_t i = rows.first_at_least(row_places, k / size); i < row_places.end; ++i) {
        const index_t first = rows.entries[i] * size;
        if (first >= k + 64) break;
        out |= bits_of({first, first + size}, k);
      }
    };
    add(t.full, t.blocks_at(t.full, seq, h.list, row), t.block_keys, w.sure);
    add(t.partial, t.blocks_at(t.partial, seq, h.list, row), t.block_keys, w.asked);
    add(t.stripes, t.stripes_at(seq, h.list, row), 1, w.sure);
    w.asked &= ~w.sure;
  }
  return w;
}

/// Runs of a tile whose rows read one row of lists: the three kinds of entries side by side.
template <class Mask>
index_t listed_runs(const Mask& m, const block_head& h, const tile& t, std::span<key_run> out) noexcept {
  using cells = std::remove_cvref_t<decltype(m.cells())>;
  const sparse_blocks& table = m.table();
  const index_t none = all_positions.end, size = table.block_keys, row = t.rows.front();
  index_row_cursor full_at(table.full, table.blocks_at(table.full, t.seq, h.list, row));
  index_row_cursor partial_at(table.partial, table.blocks_at(table.partial, t.seq, h.list, row));
  index_row_cursor stripe_at(table.stripes, table.stripes_at(t.seq, h.list, row));
  run_writer w{out, t.k};
  run_cursor<cells> inside(m.cells(), t);
  const auto begin_of = [&](index_t block) HEED_BODY { return block == none ? none : block * size; };
  for (index_t p = t.k.begin; p < t.k.end;) {
    const index_t f = begin_of(full_at.seek(p / size, none)), s = stripe_at.seek(p, none);
    if (f <= p || s == p) {
      const index_t end = f <= p ? f + size : p + 1;
      if (!w.put({p, end}, coverage::full)) break;
      p = end;
      continue;
    }
    const index_t g = begin_of(partial_at.seek(p / size, none));
    index_t end = lesser(lesser(f, s), t.k.end);
    if (g > p) {
      p = lesser(end, g);
      continue;
    }
    end = lesser(end, g + size);
    const coverage cover = inside.at(p, end);
    if (!w.put({p, end}, cover)) break;
    p = end;
  }
  return w.n;
}

/// Runs of any tile: words of all its rows and heads.
template <class Mask> index_t mixed_runs(const Mask& m, const tile& t, std::span<key_run> out) noexcept {
  using cells = std::remove_cvref_t<decltype(m.cells())>;
  run_writer w{out, t.k};
  const index_t heads = m.alike(t.heads) ? t.heads.begin + 1 : t.heads.end;
  for (index_t first = t.k.begin; first < t.k.end; first += 64) {
    const index_t count = lesser(t.k.end - first, 64);
    seen_keys seen;
    std::uint64_t asked = 0;
    for (index_t h = t.heads.begin; h < heads; ++h)
      for (std::size_t i = 0; i < t.rows.size(); ++i) {
        const block_words x = words_at(m.table(), t.seq, m.table().head(h), t.rows[i], t.q[i], first);
        if constexpr (std::is_same_v<cells, full>) {
          seen.add(x.sure | x.asked);
        } else {
          asked |= x.asked;
          seen.some |= x.sure | x.asked;
          seen.every &= x.sure;
        }
      }
    const bool open = tight_mask<cells> && (asked & low_bits(count)) != 0;
    if (!(open ? put_exact(w, m, t, {first, first + count}) : put_keys(w, first, count, seen))) break;
  }
  return w.n;
}

/// bits of up to 128 keys at the tile's first head, a sparse one.
template <class Mask>
void listed_bits(const Mask& m, const block_head& h, const tile& t, std::span<const index_t> k,
                 std::span<const index_t> slots, std::span<std::uint64_t> rows) noexcept {
  using cells = std::remove_cvref_t<decltype(m.cells())>;
  const sparse_blocks& table = m.table();
  const index_t none = all_positions.end, size = table.block_keys;
  const std::size_t n = t.rows.size() < 64 ? t.rows.size() : 64;
  std::uint64_t asked[128] = {}, any = 0;
  for (std::size_t j = 0; j < k.size(); ++j) rows[j] = 0;
  for (std::size_t i = 0; i < n;) {
    const index_t row = t.rows[i], block = row / table.block_rows;
    const index_t group = table.stripe_rows > 0 ? row / table.stripe_rows : 0;
    std::uint64_t lanes = 0;
    for (; i < n && t.rows[i] / table.block_rows == block &&
           (table.stripe_rows < 1 || t.rows[i] / table.stripe_rows == group);
         ++i)
      lanes |= std::uint64_t{1} << i;
    index_row_cursor full_at(table.full, table.blocks_at(table.full, t.seq, h.list, row));
    index_row_cursor partial_at(table.partial, table.blocks_at(table.partial, t.seq, h.list, row));
    index_row_cursor stripe_at(table.stripes, table.stripes_at(t.seq, h.list, row));
    range here{0, 0}; // the block looked up last
    bool sure = false, open = false;
    for (std::size_t j = 0; j < k.size(); ++j) {
      if (!holds(here, k[j])) {
        const index_t b = k[j] / size;
        here = {b * size, (b + 1) * size};
        sure = full_at.seek(b, none) == b;
        open = !sure && partial_at.seek(b, none) == b;
      }
      const bool seen = sure || stripe_at.seek(k[j], none) == k[j];
      rows[j] |= seen ? lanes : 0;
      asked[j] |= open && !seen ? lanes : 0;
      any |= asked[j];
    }
  }
  if (any == 0) return;
  if constexpr (std::is_same_v<cells, full>) {
    for (std::size_t j = 0; j < k.size(); ++j) rows[j] |= asked[j];
  } else {
    std::uint64_t own[128];
    mask_bits(m.cells(), t, k, slots, std::span<std::uint64_t>(own, k.size()));
    for (std::size_t j = 0; j < k.size(); ++j) rows[j] |= asked[j] & own[j];
  }
}

template <class Mask> index_t block_runs(const Mask& m, const tile& t, std::span<key_run> out) noexcept {
  if (t.rows.empty()) return 0;
  const sparse_blocks& table = m.table();
  const block_head h = table.head(t.heads.begin);
  const index_t first = t.rows.front(), last = t.rows.back();
  const bool one_list = first / table.block_rows == last / table.block_rows &&
                        (table.stripe_rows < 1 || first / table.stripe_rows == last / table.stripe_rows);
  const bool one_row = h.kind != head_kind::sparse || one_list;
  if (!one_row || !alike(m.cells(), t.heads) || !equal_heads(table, t.seq, t.heads, {first, first + 1}))
    return mixed_runs(m, t, out);
  if (h.kind == head_kind::sparse) return listed_runs(m, h, t, out);
  if (h.kind == head_kind::dense) return full{}.runs(t, out);
  return streaming_mask(h).runs(t, out);
}

template <class Mask>
void block_bits(const Mask& m, const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
                std::span<std::uint64_t> rows) noexcept {
  const block_head h = m.table().head(t.heads.begin);
  if (h.kind == head_kind::dense) return full{}.bits(t, k, slots, rows);
  if (h.kind == head_kind::streaming) return streaming_mask(h).bits(t, k, slots, rows);
  for (std::size_t a = 0; a < k.size(); a += 128) {
    const std::size_t n = k.size() - a < 128 ? k.size() - a : 128;
    listed_bits(m, h, t, k.subspan(a, n), slots.subspan(a, n), rows.subspan(a, n));
  }
}

} // namespace HEED_ISA
} // namespace detail

template <mask Cells> HEED_INLINE bool block_sparse<Cells>::allows(cell at) const noexcept {
  const block_head h = table_.head(at.head);
  if (h.kind == head_kind::dense) return true;
  if (h.kind == head_kind::streaming) return at.k <= at.q && (at.k < h.sinks || at.k > at.q - h.local);
  const index_t block = at.k / table_.block_keys;
  return table_.full.holds(table_.blocks_at(table_.full, at.seq, h.list, at.row), block) ||
         table_.stripes.holds(table_.stripes_at(at.seq, h.list, at.row), at.k) ||
         (table_.partial.holds(table_.blocks_at(table_.partial, at.seq, h.list, at.row), block) && cells_.allows(at));
}
template <mask Cells>
HEED_INLINE bool block_sparse<Cells>::alike_in(index_t seq, index_t rows, range heads) const noexcept {
  return heed::alike_in(cells_, seq, rows, heads) && detail::equal_heads(table_, seq, heads, {0, rows});
}
template <mask Cells>
HEED_INLINE index_t block_sparse<Cells>::runs(const tile& t, std::span<key_run> out) const noexcept {
  return detail::block_runs(*this, t, out);
}
template <mask Cells>
HEED_INLINE void block_sparse<Cells>::bits(const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
                                           std::span<std::uint64_t> rows) const noexcept {
  detail::block_bits(*this, t, k, slots, rows);
}

static_assert(bit_mask<block_sparse<>> && tight_mask<block_sparse<causal>> && bounded_query_tiler<block_sparse<>> &&
              sequence_head_aware<block_sparse<>> && self_checking<block_sparse<>>);

} // namespace heed
