// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// ProxyAttn: one scored map per group of heads, and for each head a budget of its own.
#include <heed/select/cost.hpp>
#include <heed/select/ranking.hpp>
#include <heed/select/sequence_keys.hpp>

namespace heed {

/// Keeps, per query head and block of rows, the blocks that rank highest for the head's group, as many as the head
/// needs.
///
/// Estimate  queries and keys are averaged over the heads of a group; of `stride` neighbouring tokens the first one
///           stands for all; causal softmax; maximum per block
/// Budget    per head: probabilities of its last `block` queries, averaged per block of keys; the smallest number of
///           blocks, by descending average, that carry the share `gamma`, divided by the number of blocks
/// Select    of a row that sees N blocks the head takes the ceil(budget N) highest of its group, at least as many as
///           hold min_tokens, and its own. Ties by lower index. gamma >= 1 keeps all
///
/// Units     block, stride, min_tokens: tokens; groups: of key-value heads
/// Requires  groups divides kv_heads; block a multiple of stride; chunks of a longer prompt start at whole blocks
/// Cost      2 groups / (q_heads stride^2) of a dense product of queries and keys, and `block` rows of it per head
/// Source    ProxyAttn, arXiv 2509.24745 (2025), from its abstract and published notes. Ours: budgets round up, and
///           the own block is always kept
struct proxy_attn {
  index_t block = 128, stride = 4, groups = 1;
  double gamma = 0.95;
  index_t min_tokens = 2048;

  [[nodiscard]] HEED_INLINE failure check(index_t kv_heads) const noexcept {
    if (block < 1) return {errc::bad_value, "proxy_attn", "block", block, "the least is", 1};
    if (stride < 1) return {errc::bad_value, "proxy_attn", "stride", stride, "the least is", 1};
    if (block % stride != 0)
      return {errc::bad_value, "proxy_attn", "block", block, "which is no multiple of the stride", stride};
    if (groups < 1) return {errc::bad_value, "proxy_attn", "groups", groups, "the least is", 1};
    if (kv_heads % groups != 0)
      return {
          errc::heads_not_divisible, "proxy_attn", "groups", groups, "which does not divide the kv_heads", kv_heads};
    if (const failure f = detail::check_number("proxy_attn", "gamma", gamma, 0)) return f;
    if (min_tokens < 0) return {errc::bad_value, "proxy_attn", "min_tokens", min_tokens, "the least is", 0};
    return {};
  }
};

namespace detail {
inline namespace HEED_ISA {

/// How many blocks of keys carry the share gamma of a head's last queries. sums: [blocks].
template <class A>
index_t blocks_that_carry(select_scratch<A>& s, std::span<A> sums, index_t block, index_t keys, double gamma) {
  const auto blocks = static_cast<index_t>(sums.size());
  if (gamma >= 1) return blocks;
  double total = 0;
  for (index_t b = 0; b < blocks; ++b) {
    A& x = sums[static_cast<std::size_t>(b)];
    x /= static_cast<A>(lesser(block, keys - b * block)); // the sum over rows becomes, but for their number, an average
    total += static_cast<double>(x);
  }
  rank_descending(std::span<const A>(sums), s.order);
  return shortest_prefix(std::span<const A>(sums), std::span<const std::int32_t>(s.order), 0., gamma * total);
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Fills `out` with one list per query head: attend with all_of(out.mask(), causal{}).
///
/// Shapes    q: [rows][q_heads][key_dim]; k: [keys][kv_heads][key_dim] or sequence_keys(kv, seq), the last rows of
///           which are those of q
/// Effects   out is reset; scratch grows: proxies, and per group the map of blocks
/// Throws    error where options or shapes do not fit; nothing is written then
template <class A, class Executor, class TQ, class Keys>
selection_cost select(Executor& executor, const proxy_attn& how, const tensor_view<TQ, 3>& q, const Keys& k,
                      block_lists& out, select_scratch<A>& s) {
  selection_cost cost;
  failure f = detail::check_selection("proxy_attn", q, k, greater(how.block, 1));
  if (!f) f = how.check(detail::key_heads(k));
  if (f) {
    detail::report(f);
    return cost;
  }
  using detail::parts;
  using detail::room;
  const index_t rows = q.extent(0), keys = detail::key_count(k), dim = q.extent(2), heads = q.extent(1),
                before = keys - rows;
  const index_t row_blocks = parts(rows, how.block), key_blocks = parts(keys, how.block);
  out.reset({.rows = rows, .keys = keys, .block_rows = how.block, .block_keys = how.block, .lists = heads});
  if (rows == 0) return cost;

  // Budgets: the last queries of every head against all keys.
  const index_t last = lesser(how.block, rows);
  room(s.positions, greater(last, parts(rows, how.stride)));
  for (index_t i = 0; i < last; ++i) s.positions[static_cast<std::size_t>(i)] = keys - last + i;
  const double factor = 1 / __builtin_sqrt(static_cast<double>(dim));
  const auto first_positions = [&](index_t n) HEED_BODY {
    return std::span<const index_t>(s.positions).first(static_cast<std::size_t>(n));
  };
  A* const sums = room(s.other, heads * key_blocks);
  const index_t all_kv_heads = detail::key_heads(k), each_group = heads / all_kv_heads;
  for (index_t g = 0; g < all_kv_heads; ++g) {
    A* const own = room(s.q, last * each_group * dim);
    detail::copy_rows(q, {rows - last, rows}, {g * each_group, (g + 1) * each_group}, own);
    detail::pool_probabilities<A>(
        executor, s, view(static_cast<const A*>(own), last, each_group, dim), detail::one_head(k, g, s),
        {first_positions(last), factor},
        block_pool<A>(view(sums + g * each_group * key_blocks, 1, each_group, 1, key_blocks), {how.block, how.block}));
  }
  const double per_cell = 4 * static_cast<double>(dim);
  cost.estimate_flops = per_cell * static_cast<double>(heads) * detail::causal_cells(keys - last, {0, last}, {0, keys});

  const index_t least = parts(how.min_tokens, how.block);
  std::vector<std::int32_t>& budget = s.distances;
  budget.resize(static_cast<std::size_t>(heads));
  for (index_t h = 0; h < heads; ++h)
    budget[static_cast<std::size_t>(h)] = static_cast<std::int32_t>(detail::blocks_that_carry(
        s, std::span<A>(sums + h * key_blocks, static_cast<std::size_t>(key_blocks)), how.block, keys, how.gamma));

  // One map per group.
  const index_t q_proxies = parts(rows, how.stride), k_proxies = parts(keys, how.stride), each = how.block / how.stride;
  const index_t q_heads = heads / how.groups, kv_heads = all_kv_heads / how.groups;
  for (index_t i = 0; i < q_proxies; ++i) s.positions[static_cast<std::size_t>(i)] = before / how.stride + i;
  for (index_t g = 0; g < how.groups; ++g) {
    A* const proxy_q = room(s.q, q_proxies * dim);
    A* const proxy_k = room(s.k, k_proxies * dim);
    A* const map = room(s.pooled, row_blocks * key_blocks);
    detail::average_heads(q, how.stride, {g * q_heads, (g + 1) * q_heads}, s, proxy_q);
    detail::average_heads(k, how.stride, {g * kv_heads, (g + 1) * kv_heads}, s, proxy_k);
    detail::pool_probabilities<A>(
        executor, s, view(static_cast<const A*>(proxy_q), q_proxies, 1, dim),
        view(static_cast<const A*>(proxy_k), k_proxies, 1, dim), {first_positions(q_proxies), factor},
        block_pool<A>(view(map, 1, 1, row_blocks, key_blocks), {each, each, pool_by::maximum}));
    cost.estimate_flops += per_cell * detail::causal_cells(k_proxies - q_proxies, {0, q_proxies}, {0, k_proxies});
    for (index_t r = 0; r < row_blocks; ++r) {
      const index_t seen = before / how.block + r + 1;
      rank_descending(std::span<const A>(map + r * key_blocks, static_cast<std::size_t>(seen)), s.order);
      for (index_t h = g * q_heads; h < (g + 1) * q_heads; ++h) {
        const index_t share = parts(budget[static_cast<std::size_t>(h)] * seen, key_blocks);
        const index_t n = lesser(seen, greater(share, least));
        const auto diagonal = static_cast<std::int32_t>(seen - 1);
        s.row.assign(s.order.begin(), s.order.begin() + n);
        std::sort(s.row.begin(), s.row.end());
        if (s.row.empty() || s.row.back() != diagonal) s.row.push_back(diagonal);
        detail::store_causal_row(out, h, r, diagonal, s.row);
      }
    }
  }
  detail::count_flops(out, before, heads, dim, cost);
  return cost;
}

} // namespace HEED_ISA
} // namespace heed
