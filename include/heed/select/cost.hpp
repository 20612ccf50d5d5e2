// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a selection costs beside what it saves, and how its rows are stored.
#include <heed/sparse/block_lists.hpp>

namespace heed {

/// Work of one selection and of the attention that it serves, causal, in flops (two per product).
///
/// Units     estimate: the selector's products; kept: products of queries with the keys in the lists, and of their
///           probabilities with as many value numbers as a key has; dense: the same without lists
struct selection_cost {
  double estimate_flops = 0, kept_flops = 0, dense_flops = 0;
  [[nodiscard]] HEED_INLINE double density() const noexcept { return dense_flops > 0 ? kept_flops / dense_flops : 0; }
};

namespace detail {
inline namespace HEED_ISA {

/// Cells (row, key) with key <= before + row, of rows and keys.
inline double causal_cells(index_t before, range rows, range keys) noexcept {
  if (before + rows.begin + 1 >= keys.end)
    return static_cast<double>(greater(rows.size(), 0)) * static_cast<double>(greater(keys.size(), 0));
  double n = 0;
  for (index_t r = rows.begin; r < rows.end; ++r)
    n += static_cast<double>(greater(0, lesser(before + r + 1, keys.end) - keys.begin));
  return n;
}

/// Causal cells of one row block: its blocks, and the stripes that lie in none of them.
template <class Lists> double row_cells(const Lists& lists, index_t before, index_t list, index_t row_block) noexcept {
  const block_shape& s = lists.shape();
  const range rows{row_block * s.block_rows, lesser((row_block + 1) * s.block_rows, s.rows)};
  const auto full = lists.full_row(0, list, row_block), partial = lists.partial_row(0, list, row_block);
  double n = 0;
  for (const auto blocks : {full, partial})
    for (const index_t b : blocks)
      n += causal_cells(before, rows, {b * s.block_keys, lesser((b + 1) * s.block_keys, s.keys)});
  if (s.stripe_rows < 1) return n;
  for (index_t first = rows.begin; first < rows.end;) {
    const index_t group = first / s.stripe_rows, end = lesser(rows.end, (group + 1) * s.stripe_rows);
    std::size_t f = 0, p = 0;
    for (const index_t k : lists.stripes(0, list, group)) {
      const index_t b = k / s.block_keys;
      while (f < full.size() && full[f] < b) ++f;
      while (p < partial.size() && partial[p] < b) ++p;
      if ((f < full.size() && full[f] == b) || (p < partial.size() && partial[p] == b)) continue;
      n += causal_cells(before, {first, end}, {k, k + 1});
    }
    first = end;
  }
  return n;
}

/// Fills kept and dense of one sequence whose queries follow `before` keys.
template <class Lists>
void count_flops(const Lists& lists, index_t before, index_t q_heads, index_t key_dim, selection_cost& cost) noexcept {
  const block_shape& s = lists.shape();
  const double per_cell = 4 * static_cast<double>(key_dim);
  double kept = 0;
  for (index_t list = 0; list < s.lists; ++list) {
    double n = 0;
    for (index_t r = 0; r < lists.row_blocks(); ++r) n += row_cells(lists, before, list, r);
    kept += n * static_cast<double>(s.lists == 1 ? q_heads : s.heads_per_list);
  }
  cost.kept_flops = kept * per_cell;
  cost.dense_flops = causal_cells(before, {0, s.rows}, {0, s.keys}) * static_cast<double>(q_heads) * per_cell;
}

/// Stores a row's ascending blocks: those before the diagonal are full, the diagonal, the last, is partial.
template <class Lists>
void store_causal_row(Lists& out, index_t list, index_t row_block, index_t diagonal,
                      std::span<const std::int32_t> blocks) {
  const std::size_t n = blocks.size();
  const bool cut = n > 0 && blocks[n - 1] == diagonal;
  out.set_row(0, list, row_block, blocks.first(cut ? n - 1 : n), blocks.last(cut ? 1 : 0));
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
