// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Reads vertical-slash lists: key columns that every query sees, and distances at which every query sees a key.
#include <heed/sparse/block_lists.hpp>

namespace heed {

/// Row i of each: the columns (key positions) and the slashes (distances from a query back to its key) of one list.
///
/// Shapes    columns, slashes: [sequences][lists] rows of ascending numbers
struct vertical_slash_rows {
  index_rows columns{}, slashes{};
};

namespace detail {
inline namespace HEED_ISA {

template <class Rows>
failure check_vertical_slash(const Rows& rows, const char* offsets, const char* entries, index_t count,
                             index_t limit) noexcept {
  if (rows.begin.size() != rows.end.size())
    return {errc::bad_extent, "read_vertical_slash", offsets, rows.begin.size(), "but their ends are", rows.end.size()};
  if (rows.size() != count)
    return {errc::bad_extent, "read_vertical_slash", offsets, rows.size(), "sequences x lists are", count};
  const index_t held = rows.entries.size();
  for (index_t i = 0; i < count; ++i) {
    const range at = rows.row(i);
    if (at.begin < 0)
      return {errc::index_out_of_range, "read_vertical_slash", offsets, at.begin, "the least begin is", 0, i};
    if (at.end < at.begin)
      return {errc::not_monotone, "read_vertical_slash", offsets, at.end, "their begin is", at.begin, i};
    if (at.end > held)
      return {errc::index_out_of_range, "read_vertical_slash", offsets, at.end, "the entries are", held, i};
    for (index_t j = at.begin; j < at.end; ++j) {
      const index_t x = rows.entries[j];
      if (x < 0 || x >= limit)
        return {
            errc::index_out_of_range, "read_vertical_slash", entries, x, "it must be at least 0 and below", limit, j};
      if (j > at.begin && x <= rows.entries[j - 1])
        return {errc::not_monotone,
                "read_vertical_slash",
                entries,
                x,
                "it must be above the entry before,",
                rows.entries[j - 1],
                j};
    }
  }
  return {};
}

} // namespace HEED_ISA
} // namespace detail

/// Fills lists: columns become stripes of all rows; of each slash a block of rows keeps every block of keys in which
/// one of its queries stands at that distance. With block_keys 1 that is exactly the stretch of block_rows keys that
/// MInference keeps, at any offset; larger blocks round it outwards. Query row r stands at position keys - rows + r.
/// The result is meant together with causal: all_of(out.mask(), causal{}).
///
/// Requires  columns and slashes of a row ascend, in [0, keys); shape.stripe_rows is ignored
/// Throws    error with the array, the entry and its value, before out is touched
/// Source    Jiang et al. 2024, MInference 1.0, section 3.2; conversion per block of queries as in its kernels
HEED_INLINE void read_vertical_slash(block_shape shape, const vertical_slash_rows& rows, block_lists& out) {
  shape.stripe_rows = greater(shape.rows, 1);
  if (const failure f = detail::check_block_shape(shape)) return detail::report(f);
  const index_t lists = shape.sequences * shape.lists;
  if (const failure f = detail::check_vertical_slash(rows.columns, "rows of columns", "columns", lists, shape.keys))
    return detail::report(f);
  if (const failure f = detail::check_vertical_slash(rows.slashes, "rows of slashes", "slashes", lists, shape.keys))
    return detail::report(f);
  out.reset(shape);
  std::vector<std::int32_t> kept;
  const index_t size = shape.block_keys;
  for (index_t i = 0; i < lists; ++i) {
    const range columns = rows.columns.row(i), slashes = rows.slashes.row(i);
    kept.clear();
    for (index_t j = columns.begin; j < columns.end; ++j)
      kept.push_back(static_cast<std::int32_t>(rows.columns.entries[j]));
    if (shape.rows > 0) out.set_stripes(i / shape.lists, i % shape.lists, 0, kept);
    for (index_t r = 0; r < out.row_blocks(); ++r) {
      const index_t before = shape.keys - shape.rows; // positions of this block's queries
      const range q{before + r * shape.block_rows, before + lesser((r + 1) * shape.block_rows, shape.rows)};
      kept.clear();
      for (index_t j = slashes.end; j-- > slashes.begin;) { // far to near: keys ascend
        const index_t distance = rows.slashes.entries[j], first = greater(q.begin - distance, 0),
                      end = q.end - distance;
        const index_t from = kept.empty() ? 0 : kept.back() + 1;
        for (index_t b = greater(first / size, from); b * size < end; ++b) kept.push_back(static_cast<std::int32_t>(b));
      }
      out.set_row(i / shape.lists, i % shape.lists, r, kept);
    }
  }
}

} // namespace heed
