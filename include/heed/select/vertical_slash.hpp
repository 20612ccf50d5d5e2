// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Vertical-slash: key columns and diagonals that the last queries of a prompt look at.
#include <heed/select/cost.hpp>
#include <heed/select/ranking.hpp>
#include <heed/select/sequence_keys.hpp>
#include <heed/sparse/read_vertical_slash.hpp>

namespace heed {

/// Keeps, per query head, key columns (verticals) and diagonals (slashes), widened to blocks of rows.
///
/// Estimate  probabilities of the last `last` queries; a column's score is the sum over them, a diagonal's the sum
///           over its cells
/// Select    the max(vertical, least_vertical) best columns, the first `first_columns` before all others; the
///           max(slash, least_slash) best diagonals, the nearest `near_diagonals` before all others. Ties by lower
///           column and smaller distance. read_vertical_slash says what a block of rows then sees
///
/// Units     block: rows; granule: keys of a block of the lists, to which slashes are rounded outwards; 1 is exact
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

} // namespace HEED_ISA
} // namespace detail

inline namespace HEED_ISA {

/// Fills `out` with one list per query head: attend with all_of(out.mask(), causal{}).
///
/// Shapes    q: [rows][q_heads][key_dim]; k: [keys][kv_heads][key_dim] or sequence_keys(kv, seq), the last rows of
///           which are those of q
/// Effects   out is reset; scratch grows: probabilities of `last` queries of one head
/// Throws    error where options or shapes do not fit; nothing is written then
template <class A, class Executor, class TQ, class Keys>
selection_cost select(Executor& executor, const vertical_slash& how, const tensor_view<TQ, 3>& q, const Keys& k,
                      block_lists& out, select_scratch<A>& s) {
  selection_cost cost;
  failure f = how.check();
  if (!f) f = detail::check_selection("vertical_slash", q, k, 1);
  if (f) {
    detail::report(f);
    return cost;
  }
  using detail::room;
  const index_t rows = q.extent(0), keys = detail::key_count(k), dim = q.extent(2), heads = q.extent(1),
                before = keys - rows;
  const index_t group = heads / detail::key_heads(k), last = lesser(how.last, rows);
  // One row of columns and one of slashes per head, as read_vertical_slash takes them.
  std::vector<std::int32_t>&columns = s.row, &slashes = s.distances;
  std::vector<std::int64_t>&column_ends = s.ends, &slash_ends = s.other_ends;
  columns.clear();
  slashes.clear();
  column_ends.assign({0});
  slash_ends.assign({0});
  const double factor = 1 / __builtin_sqrt(static_cast<double>(dim));
  auto head_keys = detail::one_head(k, 0, s);
  for (index_t h = 0; rows > 0 && h < heads; ++h) {
    if (h > 0 && h % group == 0) head_keys = detail::one_head(k, h / group, s);
    A* const own = room(s.q, last * dim);
    detail::copy_rows(q, {rows - last, rows}, {h, h + 1}, own);
    room(s.positions, last);
    for (index_t i = 0; i < last; ++i) s.positions[static_cast<std::size_t>(i)] = keys - last + i;
    A* const p = room(s.pooled, last * keys);
    detail::pool_probabilities<A>(executor, s, view(static_cast<const A*>(own), last, 1, dim), head_keys,
                                  {std::span<const index_t>(s.positions).first(static_cast<std::size_t>(last)), factor},
                                  block_pool<A>(view(p, 1, 1, last, keys), {1, 1}));
    A* const lines = room(s.other, 2 * keys);
    detail::sum_lines(p, last, keys, lines, lines + keys);
    const auto count = static_cast<std::size_t>(keys);
    const auto take = [&](A* scores, index_t forced, index_t most, std::vector<std::int32_t>& to,
                          std::vector<std::int64_t>& ends) HEED_BODY {
      detail::best_lines(std::span<A>(scores, count), forced, most, s.order);
      to.insert(to.end(), s.order.begin(), s.order.end());
      ends.push_back(static_cast<std::int64_t>(to.size()));
    };
    take(lines, how.first_columns, greater(how.vertical, how.least_vertical), columns, column_ends);
    take(lines + keys, how.near_diagonals, greater(how.slash, how.least_slash), slashes, slash_ends);
  }
  column_ends.resize(static_cast<std::size_t>(heads) + 1);
  slash_ends.resize(static_cast<std::size_t>(heads) + 1);
  const auto rows_of = [](const std::vector<std::int32_t>& entries, const std::vector<std::int64_t>& ends) HEED_BODY {
    const std::span<const std::int64_t> offsets(ends);
    return index_rows{entries, offsets.first(offsets.size() - 1), offsets.subspan(1)};
  };
  read_vertical_slash({.rows = rows, .keys = keys, .block_rows = how.block, .block_keys = how.granule, .lists = heads},
                      {rows_of(columns, column_ends), rows_of(slashes, slash_ends)}, out);
  cost.estimate_flops = 4 * static_cast<double>(dim) * static_cast<double>(heads) *
                        detail::causal_cells(keys - last, {0, last}, {0, keys});
  detail::count_flops(out, before, heads, dim, cost);
  return cost;
}

} // namespace HEED_ISA
} // namespace heed
