// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Vertical-slash: key columns and diagonals that the last queries of a prompt look at.
#include <heed/select/cost.hpp>
#include <heed/select/estimate.hpp>
#include <heed/select/ranking.hpp>

namespace heed {

/// Keeps, per query head, key columns (verticals) and diagonals (slashes), widened to blocks of rows.
///
/// Estimate  probabilities of the last `last` queries; a column's score is the sum over them, a diagonal's the sum
///           over its cells
/// Select    the max(vertical, least_vertical) best columns, the first `first_columns` before all others; the
///           max(slash, least_slash) best diagonals, the nearest `near_diagonals` before all others. Ties by lower
///           column and smaller distance. A block of rows from position p on sees, for a diagonal at distance d, the
///           `block` keys from p - d on, widened to whole granules, and of the columns those outside these
///
/// Units     block: rows, and keys of a slash; granule: keys that lists count as one, 1 is the source's width
/// Requires  near_diagonals and least_slash at least 1, so that a query sees itself
/// Cost      `last` rows of a dense product of queries and keys, twice
/// Source    Jiang et al. 2024, MInference 1.0, section 3.2; defaults, forced columns and diagonals, and the width of a
///           slash from microsoft/MInference (vertical and slash of a head without a searched pattern)
struct vertical_slash {
  index_t vertical = 1000, slash = 6096;
  index_t last = 64, block = 64, granule = 16;
  index_t first_columns = 30, near_diagonals = 100, least_vertical = 30, least_slash = 50;

  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    const auto least = [](const char* what, index_t value, index_t limit) HEED_BODY {
      return value < limit ? failure{errc::bad_value, "vertical_slash", what, value, "the least is", limit} : failure{};
    };
    if (const failure f = least("vertical", vertical, 0)) return f;
    if (const failure f = least("slash", slash, 0)) return f;
    if (const failure f = least("last", last, 1)) return f;
    if (const failure f = least("block", block, 1)) return f;
    if (const failure f = least("granule", granule, 1)) return f;
    if (const failure f = least("first_columns", first_columns, 0)) return f;
    if (const failure f = least("near_diagonals", near_diagonals, 1)) return f;
    if (const failure f = least("least_vertical", least_vertical, 0)) return f;
    return least("least_slash", least_slash, 1);
  }
};

namespace detail {
inline namespace HEED_ISA {

/// Sums of the columns and, by distance, of the diagonals of p: [rows][keys], whose last row stands at the last key.
template <class A> void sum_lines(const A* p, index_t rows, index_t keys, A* columns, A* diagonals) noexcept {
  for (index_t i = 0; i < keys; ++i) columns[i] = diagonals[i] = A(0);
  for (index_t r = 0; r < rows; ++r, p += keys) {
    const index_t at = keys - rows + r;
    for (index_t j = 0; j < keys; ++j) columns[j] += p[j];
    for (index_t j = 0; j <= at; ++j) diagonals[at - j] += p[j];
  }
}

/// The `count` best lines of `scores`, ascending, the first `forced` before all others.
template <class A>
void best_lines(std::span<A> scores, index_t forced, index_t count, std::vector<std::int32_t>& order) {
  const auto n = static_cast<index_t>(scores.size());
  for (index_t i = 0; i < lesser(forced, n); ++i) scores[static_cast<std::size_t>(i)] = static_cast<A>(__builtin_inf());
  rank_top(std::span<const A>(scores), lesser(count, n), order);
  order.resize(static_cast<std::size_t>(lesser(count, n)));
  std::sort(order.begin(), order.end());
}

/// Stores what a block of rows [row, row + rows) sees. columns, distances: ascending.
template <class A>
void store_lines(select_scratch<A>& s, block_lists& out, const vertical_slash& how, index_t list, range rows,
                 index_t before, std::span<const std::int32_t> columns, std::span<const std::int32_t> distances) {
  const index_t first = before + rows.begin, end = before + rows.end, size = how.granule;
  s.row.clear();
  s.partial.clear();
  index_t next = 0; // granules below are in
  const auto last_of = [&](index_t key) HEED_BODY { return detail::parts(lesser(key, end), size); };
  for (std::size_t i = distances.size(); i-- > 0;) {
    const index_t begin = first - distances[i];
    if (begin + how.block <= 0) continue;
    index_t b = greater(next, greater(begin, 0) / size);
    for (next = greater(next, last_of(begin + how.block)); b < next; ++b)
      ((b + 1) * size <= first + 1 ? s.row : s.partial).push_back(static_cast<std::int32_t>(b));
  }
  out.set_row(0, list, rows.begin / how.block, s.row, s.partial);
  // The nearest diagonal holds the block's own keys, so that columns outside granules lie before all rows.
  std::size_t i = 0, j = 0;
  s.picked.clear();
  for (const std::int32_t key : columns) {
    if (key >= first) break;
    const auto b = static_cast<std::int32_t>(key / size);
    while (i < s.row.size() && s.row[i] < b) ++i;
    while (j < s.partial.size() && s.partial[j] < b) ++j;
    if ((i < s.row.size() && s.row[i] == b) || (j < s.partial.size() && s.partial[j] == b)) continue;
    s.picked.push_back(key);
  }
  out.set_stripes(0, list, rows.begin / how.block, s.picked);
}

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Fills `out` with one list per query head: attend with out.mask(causal{}).
///
/// Shapes    q: [rows][q_heads][key_dim]; k: [keys][kv_heads][key_dim], the last rows of which are those of q
/// Effects   out is reset; scratch grows: probabilities of `last` queries of one head
/// Throws    error where options or shapes do not fit; nothing is written then
template <class A, class Executor, class TQ, class TK>
selection_cost select(Executor& executor, const vertical_slash& how, const tensor_view<TQ, 3>& q,
                      const tensor_view<TK, 3>& k, block_lists& out, select_scratch<A>& s) {
  selection_cost cost;
  failure f = how.check();
  if (!f) f = detail::check_selection("vertical_slash", q, k, 1);
  if (f) {
    detail::report(f);
    return cost;
  }
  using detail::room;
  using T = std::remove_const_t<TK>;
  const index_t rows = q.extent(0), keys = k.extent(0), dim = q.extent(2), heads = q.extent(1), before = keys - rows;
  const index_t group = heads / k.extent(1), last = lesser(how.last, rows);
  out.reset({.rows = rows,
             .keys = keys,
             .block_rows = how.block,
             .block_keys = how.granule,
             .lists = heads,
             .stripe_rows = how.block});
  if (rows == 0) return cost;
  const double factor = 1 / __builtin_sqrt(static_cast<double>(dim));
  const tensor_view<const T, 3> all_keys(k);
  for (index_t h = 0; h < heads; ++h) {
    A* const own = room(s.q, last * dim);
    detail::copy_rows(q, {rows - last, rows}, {h, h + 1}, own);
    room(s.positions, last);
    for (index_t i = 0; i < last; ++i) s.positions[static_cast<std::size_t>(i)] = keys - last + i;
    A* const p = room(s.pooled, last * keys);
    detail::pool_probabilities<A>(executor, s, view(static_cast<const A*>(own), last, 1, dim),
                                  all_keys.slice(1, h / group, 1),
                                  {std::span<const index_t>(s.positions).first(static_cast<std::size_t>(last)), factor},
                                  block_pool<A>(view(p, 1, 1, last, keys), {1, 1}));
    A* const lines = room(s.other, 2 * keys);
    detail::sum_lines(p, last, keys, lines, lines + keys);
    const auto count = static_cast<std::size_t>(keys);
    detail::best_lines(std::span<A>(lines, count), how.first_columns, greater(how.vertical, how.least_vertical),
                       s.order);
    detail::best_lines(std::span<A>(lines + keys, count), how.near_diagonals, greater(how.slash, how.least_slash),
                       s.distances);
    for (index_t r = 0; r < rows; r += how.block)
      detail::store_lines(s, out, how, h, {r, lesser(r + how.block, rows)}, before, s.order, s.distances);
  }
  cost.estimate_flops = 4 * static_cast<double>(dim) * static_cast<double>(heads) *
                        detail::causal_cells(keys - last, {0, last}, {0, keys});
  detail::count_flops(out, before, heads, dim, cost);
  return cost;
}

} // namespace HEED_ISA
} // namespace heed
