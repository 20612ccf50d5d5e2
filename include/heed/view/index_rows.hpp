// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Compressed rows: many ascending lists of indices in one buffer.
#include <heed/view/index_list.hpp>

namespace heed {

/// Row i has the entries [begin[i], end[i]). With offsets as CSR keeps them, begin and end are two parts of one array;
/// with a count per row, rows may leave room between them, lie in any order, or share entries.
///
/// Shapes    begin, end: [rows]
struct index_rows {
  index_list entries{}, begin{}, end{};

  [[nodiscard]] HEED_INLINE constexpr index_t size() const noexcept { return begin.size(); }
  [[nodiscard]] HEED_INLINE constexpr range row(index_t i) const noexcept { return {begin[i], end[i]}; }

  /// The first of the places `among` (inside one row) whose entry is at least x; among.end: none.
  [[nodiscard]] HEED_INLINE constexpr index_t first_at_least(range among, index_t x) const noexcept {
    while (among.begin < among.end) {
      const index_t middle = among.begin + (among.end - among.begin) / 2;
      if (entries[middle] < x)
        among.begin = middle + 1;
      else
        among.end = middle;
    }
    return among.begin;
  }
  /// Whether one of the places `among` (inside one row) holds x.
  [[nodiscard]] HEED_INLINE constexpr bool holds(range among, index_t x) const noexcept {
    const index_t at = first_at_least(among, x);
    return at < among.end && entries[at] == x;
  }
};

/// Looks up ascending numbers in one row of lists; close ones cost a step, others a binary search.
struct index_row_cursor {
  const index_rows& rows;
  range row;
  index_t at;

  HEED_INLINE index_row_cursor(const index_rows& r, range places) noexcept : rows(r), row(places), at(places.begin) {}
  /// Moves to the first entry that is at least x and returns it; `none` where there is none.
  HEED_INLINE index_t seek(index_t x, index_t none) noexcept {
    if (at > row.begin && rows.entries[at - 1] >= x) at = rows.first_at_least({row.begin, at}, x);
    for (int step = 0; at < row.end && rows.entries[at] < x; ++step, ++at)
      if (step == 8) {
        at = rows.first_at_least({at, row.end}, x);
        break;
      }
    return at < row.end ? rows.entries[at] : none;
  }
};

} // namespace heed
