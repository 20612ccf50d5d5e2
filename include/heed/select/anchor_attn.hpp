// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// AnchorAttention: single keys whose score comes close to a maximum that is cheap to know.
#include <heed/select/cost.hpp>
#include <heed/select/sequence_keys.hpp>

namespace heed {

/// Which lists AnchorAttention makes: one per query head, as the source, or one per key-value head, with the stripes
/// that any of its query heads keeps, so that keys and values are packed once for all of them.
enum class stripes_per : unsigned char { query_head, kv_head };

/// Keeps, per query head and group of block * step rows, block 0, the block before the group, the group itself, and
/// single keys (stripes) between them.
///
/// Anchor    per query the largest score over block 0, the block before the group, and the group up to the query (group
///           0: all keys up to the query). Queries and anchors are averaged per block of rows
/// Select    key j of [block, group's begin - block) is kept if for one of the group's blocks the averaged query's
///           score with it, plus theta, is at least the averaged anchor
///
/// Units     block: rows and keys; step: blocks of a group; theta: natural logarithm
/// Requires  chunks of a longer prompt start at whole groups
/// Laws      theta +inf: dense causal; -inf: no stripes; larger theta, more stripes; no key twice
/// Cost      the local part, and 1 / block of a dense product of queries and keys
/// Source    AnchorAttention, arXiv 2505.23520 (2025), and its code's steps 1 and 2 (anchor_attn.py); the tail of a
///           prompt is a shorter group. The attention over block 0, local part and stripes is one softmax
struct anchor_attn {
  index_t block = 128, step = 16;
  double theta = 12;
  stripes_per lists = stripes_per::query_head;

  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    if (block < 1) return {errc::bad_value, "anchor_attn", "block", block, "the least is", 1};
    if (step < 1) return {errc::bad_value, "anchor_attn", "step", step, "the least is", 1};
    constexpr index_t most = index_t{1} << 30;
    if (block > most / step) return {errc::bad_value, "anchor_attn", "step", step, "the most is", most / block};
    if (!(theta == theta)) return {errc::bad_value, "anchor_attn", "theta", theta, "must be a number, as", 12};
    return {};
  }
};

namespace detail {
inline namespace HEED_ISA {

/// Averages of queries and of anchors, [blocks of the group][group heads][dim] and [..][group heads]. maxima: [heads]
/// [rows][ld], the largest score of a row is the largest of its first n.
template <class A, class T>
void average_blocks(const tensor_view<T, 3>& q, range rows, index_t block, const A* maxima, index_t n, index_t ld,
                    A* mean_q, A* anchors) noexcept {
  const index_t heads = q.extent(1), dim = q.extent(2);
  for (index_t first = rows.begin; first < rows.end; first += block) {
    const index_t count = lesser(block, rows.end - first);
    for (index_t h = 0; h < heads; ++h, mean_q += dim) {
      simd::mean_rows<A>(&q(first, h, 0), q.stride(0), count, dim, mean_q);
      double sum = 0;
      for (index_t r = first; r < first + count; ++r) {
        const A* const x = maxima + (h * rows.size() + r - rows.begin) * ld;
        A most = x[0];
        for (index_t i = 1; i < n; ++i) most = x[i] > most ? x[i] : most;
        sum += static_cast<double>(most);
      }
      *anchors++ = static_cast<A>(sum / static_cast<double>(count));
    }
  }
}

/// Writes lists of one group of one head: block 0, the blocks from the one before the group to the diagonal.
template <class A>
void store_group(select_scratch<A>& s, block_lists& out, index_t head, index_t first_row, index_t rows, index_t before,
                 index_t block) {
  const index_t local = greater(0, (before + first_row) / block - 1);
  for (index_t r = first_row; r < first_row + rows; r += block) {
    const index_t diagonal = (before + r) / block;
    s.row.clear();
    if (local > 0) s.row.push_back(0);
    for (index_t b = local; b <= diagonal; ++b) s.row.push_back(static_cast<std::int32_t>(b));
    store_causal_row(out, head, r / block, diagonal, s.row);
  }
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Fills `out` with one list per query head, or per key-value head: attend with all_of(out.mask(), causal{}).
///
/// Shapes    q: [rows][q_heads][key_dim]; k: [keys][kv_heads][key_dim] or sequence_keys(kv, seq), the last rows of
///           which are those of q
/// Effects   out is reset; scratch grows by the queries of a group and its heads
/// Throws    error where options or shapes do not fit; nothing is written then
template <class A, class Executor, class TQ, class Keys>
selection_cost select(Executor& executor, const anchor_attn& how, const tensor_view<TQ, 3>& q, const Keys& k,
                      block_lists& out, select_scratch<A>& s) {
  selection_cost cost;
  failure f = how.check();
  const index_t span = f ? 1 : how.block * how.step;
  if (!f) f = detail::check_selection("anchor_attn", q, k, span);
  if (f) {
    detail::report(f);
    return cost;
  }
  using detail::parts;
  using detail::room;
  const index_t rows = q.extent(0), keys = detail::key_count(k), dim = q.extent(2), heads = q.extent(1),
                before = keys - rows;
  const index_t block = how.block, kv_heads = detail::key_heads(k), group = heads / kv_heads;
  const bool shared = how.lists == stripes_per::kv_head;
  out.reset({.rows = rows,
             .keys = keys,
             .block_rows = block,
             .block_keys = block,
             .lists = shared ? kv_heads : heads,
             .heads_per_list = shared ? group : 1,
             .stripe_rows = span});
  const double factor = 1 / __builtin_sqrt(static_cast<double>(dim)), per_cell = 2 * static_cast<double>(dim);
  const auto places = [&](index_t n) HEED_BODY {
    return std::span<const index_t>(s.positions).first(static_cast<std::size_t>(n));
  };
  const index_t most_rows = lesser(span, rows), local_blocks = how.step + 1;
  room(s.positions, most_rows);
  const index_t width = local_blocks + 1; // maxima of the local blocks and of block 0
  for (index_t g = 0; rows > 0 && g < kv_heads; ++g) {
    const range own{g * group, (g + 1) * group}, lists = shared ? range{g, g + 1} : own;
    const auto q_own = q.slice(1, own.begin, group);
    const auto keys_own = detail::one_head(k, g, s);
    for (index_t first = 0; first < rows; first += span) {
      const index_t n = lesser(span, rows - first), begin = before + first, blocks = parts(n, block);
      for (index_t l = lists.begin; l < lists.end; ++l) detail::store_group(s, out, l, first, n, before, block);
      const range between{block, begin - block};
      if (between.empty() || how.theta == -__builtin_inf()) continue;
      A* const packed = room(s.q, n * group * dim);
      detail::copy_rows(q, {first, first + n}, own, packed);
      const auto packed_q = view(static_cast<const A*>(packed), n, group, dim);
      A* const nothing = room(s.lse, greater(n, 1) * group);
      for (index_t i = 0; i < n * group; ++i) nothing[i] = A(0);
      const auto zero = view(static_cast<const A*>(nothing), n, group);
      A* const maxima = room(s.pooled, group * n * width);
      for (index_t i = 0; i < n; ++i) s.positions[static_cast<std::size_t>(i)] = block + i;
      const block_pooling by_row{1, block, pool_by::maximum, shown::logarithms};
      const index_t strides[4] = {group * n * width, n * width, width, 1};
      const index_t local_extents[4] = {1, group, n, local_blocks}, first_extents[4] = {1, group, n, 1};
      detail::pool_scores<A>(executor, s, packed_q,
                             keys_own.slice(0, begin - block, lesser(block + n, keys - begin + block)), zero,
                             {places(n), factor}, block_pool<A>(strided(maxima, local_extents, strides), by_row));
      detail::pool_scores<A>(executor, s, packed_q, keys_own.slice(0, 0, block), zero, {places(n), factor},
                             block_pool<A>(strided(maxima + local_blocks, first_extents, strides), by_row));
      A* const mean_q = room(s.other, blocks * group * dim);
      A* const anchors = room(s.o, blocks * group);
      detail::average_blocks(q_own, {first, first + n}, block, maxima, width, width, mean_q, anchors);
      // Queries stand right before the local part: causal is "before it".
      for (index_t i = 0; i < blocks; ++i) s.positions[static_cast<std::size_t>(i)] = between.size() - 1;
      A* const nearest = room(s.pooled, group * between.size());
      detail::pool_scores<A>(executor, s, view(static_cast<const A*>(mean_q), blocks, group, dim),
                             keys_own.slice(0, between.begin, between.size()),
                             view(static_cast<const A*>(anchors), blocks, group), {places(blocks), factor},
                             block_pool<A>(view(nearest, 1, group, 1, between.size()),
                                           {how.step, 1, pool_by::maximum, shown::logarithms}));
      cost.estimate_flops += per_cell * static_cast<double>(group) *
                             (static_cast<double>(n * block + blocks * between.size()) +
                              detail::causal_cells(block, {0, n}, {0, block + n}));
      for (index_t h = 0; h < group; h += shared ? group : 1) {
        s.row.clear();
        for (index_t j = 0; j < between.size(); ++j) {
          bool near = false;
          for (index_t each = h; each < (shared ? group : h + 1); ++each)
            near = near || static_cast<double>(nearest[each * between.size() + j]) >= -how.theta;
          if (near) s.row.push_back(static_cast<std::int32_t>(between.begin + j));
        }
        out.set_stripes(0, lists.begin + h, first / span, s.row);
      }
    }
  }
  detail::count_flops(out, before, heads, dim, cost);
  return cost;
}

} // namespace HEED_ISA
} // namespace heed
