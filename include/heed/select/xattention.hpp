// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// XAttention: blocks whose antidiagonals, sampled at a stride, carry most of the probability.
#include <heed/select/cost.hpp>
#include <heed/select/ranking.hpp>
#include <heed/select/sequence_keys.hpp>

namespace heed {

/// Keeps, per query head and block of rows, block 0, the diagonal, and the best other blocks.
///
/// Estimate  `stride` neighbouring queries are laid end to end in reverse order, the keys in order, so that one product
///           adds up an antidiagonal of a stride x stride cell; causal softmax over these; sum per block
/// Select    block 0 and the diagonal first; then, by descending sum and lower index, while what is kept is less than
///           threshold times the row's sum: the shortest prefix that reaches it. threshold >= 1 keeps all
///
/// Units     block: rows and keys of a block; stride: tokens; norm divides the scores once more
/// Requires  block a multiple of stride; chunks of a longer prompt start at whole blocks
/// Cost      2 / stride of a dense product of queries and keys
/// Source    Xu et al. 2025, XAttention: Block Sparse Attention with Antidiagonal Scoring, section 2; defaults of
///           mit-han-lab/x-attention. Rows beyond the end count as zeros
struct xattention {
  index_t block = 128, stride = 16;
  double threshold = 0.9, norm = 1;

  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    if (block < 1) return {errc::bad_value, "xattention", "block", block, "the least is", 1};
    if (stride < 1) return {errc::bad_value, "xattention", "stride", stride, "the least is", 1};
    if (block % stride != 0)
      return {errc::bad_value, "xattention", "block", block, "which is no multiple of the stride", stride};
    if (const failure f = detail::check_number("xattention", "threshold", threshold, 0)) return f;
    return detail::check_number("xattention", "norm", norm, 0, true);
  }
};

namespace detail {
inline namespace HEED_ISA {

/// The blocks of one row: which (ascending) into s.row. scores: [diagonal + 1].
template <class A> void keep_mass(select_scratch<A>& s, std::span<A> scores, double threshold) {
  const auto diagonal = static_cast<std::int32_t>(scores.size()) - 1;
  double total = 0;
  for (const A x : scores) total += static_cast<double>(x);
  double kept = static_cast<double>(scores[0]) + (diagonal > 0 ? static_cast<double>(scores.back()) : 0);
  s.row.assign({0});
  if (diagonal > 0) s.row.push_back(diagonal);
  if (diagonal > 1) {
    const std::span<const A> others = scores.subspan(1, scores.size() - 2);
    rank_descending(others, s.order);
    const index_t n = threshold >= 1
                          ? static_cast<index_t>(others.size())
                          : shortest_prefix(others, std::span<const std::int32_t>(s.order), kept, threshold * total);
    for (index_t i = 0; i < n; ++i) s.row.push_back(s.order[static_cast<std::size_t>(i)] + 1);
  }
  std::sort(s.row.begin(), s.row.end());
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Fills `out` with one list per query head: attend with all_of(out.mask(), causal{}).
///
/// Shapes    q: [rows][q_heads][key_dim]; k: [keys][kv_heads][key_dim] or sequence_keys(kv, seq), the last rows of
///           which are those of q
/// Effects   out is reset; scratch grows: per key-value head all keys, most_query_bytes of queries, sums
/// Throws    error where options or shapes do not fit; nothing is written then
template <class A, class Executor, class TQ, class Keys>
selection_cost select(Executor& executor, const xattention& how, const tensor_view<TQ, 3>& q, const Keys& k,
                      block_lists& out, select_scratch<A>& s) {
  selection_cost cost;
  failure f = how.check();
  if (!f) f = detail::check_selection("xattention", q, k, how.block);
  if (f) {
    detail::report(f);
    return cost;
  }
  using detail::parts;
  using detail::room;
  const index_t rows = q.extent(0), keys = detail::key_count(k), dim = q.extent(2), heads = q.extent(1),
                before = keys - rows;
  const index_t group = heads / detail::key_heads(k), each = how.block / how.stride, wide = how.stride * dim;
  out.reset({.rows = rows, .keys = keys, .block_rows = how.block, .block_keys = how.block, .lists = heads});
  const index_t key_groups = parts(keys, how.stride), key_blocks = parts(keys, how.block);
  const index_t block_bytes = how.block * group * dim * static_cast<index_t>(sizeof(A));
  const index_t chunk = greater(1, s.most_query_bytes / block_bytes) * how.block;
  const double factor = 1 / (__builtin_sqrt(static_cast<double>(dim)) * static_cast<double>(how.stride) * how.norm);
  A* const packed_k = room(s.k, key_groups * wide);
  for (index_t g = 0; g < detail::key_heads(k); ++g) {
    detail::copy_keys(k, g, key_groups * how.stride, packed_k);
    const auto key_view = view(static_cast<const A*>(packed_k), key_groups, 1, wide);
    for (index_t first = 0; first < rows; first += chunk) {
      const index_t n = parts(lesser(chunk, rows - first), how.stride), row_blocks = parts(n, each);
      const index_t seen = lesser(key_groups, (before + first) / how.stride + n);
      A* const packed_q = room(s.q, n * group * wide);
      room(s.positions, n);
      for (index_t m = 0; m < n; ++m) {
        s.positions[static_cast<std::size_t>(m)] = (before + first) / how.stride + m;
        for (index_t h = 0; h < group; ++h)
          for (index_t r = 0; r < how.stride; ++r) {
            const index_t row = first + (m + 1) * how.stride - 1 - r;
            detail::copy_rows(q, {row, row + 1}, {g * group + h, g * group + h + 1},
                              packed_q + ((m * group + h) * how.stride + r) * dim);
          }
      }
      A* const sums = room(s.pooled, group * row_blocks * key_blocks);
      detail::pool_probabilities<A>(executor, s, view(static_cast<const A*>(packed_q), n, group, wide),
                                    key_view.slice(0, 0, seen),
                                    {std::span<const index_t>(s.positions).first(static_cast<std::size_t>(n)), factor},
                                    block_pool<A>(view(sums, 1, group, row_blocks, key_blocks), {each, each}));
      cost.estimate_flops += 4 * static_cast<double>(group) * static_cast<double>(wide) *
                             detail::causal_cells(seen - n, {0, n}, {0, seen});
      for (index_t h = 0; h < group; ++h)
        for (index_t r = 0; r < row_blocks; ++r) {
          const index_t row_block = first / how.block + r, diagonal = before / how.block + row_block;
          detail::keep_mass(
              s, std::span<A>(sums + (h * row_blocks + r) * key_blocks, static_cast<std::size_t>(diagonal + 1)),
              how.threshold);
          detail::store_causal_row(out, g * group + h, row_block, diagonal, s.row);
        }
    }
  }
  detail::count_flops(out, before, heads, dim, cost);
  return cost;
}

} // namespace HEED_ISA
} // namespace heed
