// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A mask for a call that holds only some of a sequence's rows: it is asked about the rows that they were.
#include <heed/mask/exact_runs.hpp>
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Row i of the call is row rows[i] of the sequence that the part was made for. Positions are the call's own
/// (query_positions::listed), so that samples of a long sequence are attended to as in the whole.
///
/// Shapes    rows: [rows of the call], ascending, below `of`, one sequence
/// Requires  one sequence, an entry for each row, ascending inside [0, of); else errc::bad_extent,
///           errc::index_out_of_range, errc::not_monotone
/// Laws      bit_mask, head_aware; tight_mask where the part is and tiles have at most 512 rows, as the kernels' have;
///           larger ones are called partial wherever
/// Cost      the part's, and a copy of the tile's rows
template <mask Part> class listed_rows {
public:
  static constexpr bool tight = tight_mask<Part>;
  static constexpr std::size_t most_rows = 512;

  HEED_INLINE explicit listed_rows(const Part& part, index_list rows, index_t of) noexcept
      : part_(part), rows_(rows), of_(of) {}

  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept {
    at.row = rows_[at.row];
    return part_.allows(at);
  }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    index_t rows[most_rows];
    if (t.rows.size() <= most_rows) return part_.runs(renamed(t, rows), out);
    run_writer w{out, t.k};
    static_cast<void>(w.put(t.k, coverage::partial));
    return w.n;
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t> slots,
                        std::span<std::uint64_t> out) const noexcept {
    index_t rows[64];
    tile first = t;
    if (t.rows.size() > 64) {
      first.rows = t.rows.first(64);
      first.q = t.q.first(64);
    }
    mask_bits(part_, renamed(first, rows), k, slots, out);
  }
  [[nodiscard]] HEED_INLINE bool alike(range heads) const noexcept { return heed::alike(part_, heads); }
  [[nodiscard]] HEED_INLINE bool alike_in(index_t seq, index_t rows, range heads) const noexcept {
    return heed::alike_in(part_, seq, rows > 0 ? rows_[rows - 1] + 1 : 0, heads);
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(rows_)) || detail::touches(part_, f);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (e.sequences != 1) return {errc::bad_extent, "listed_rows", "sequences", e.sequences, "it must be", 1};
    if (rows_.size() != e.rows(0))
      return {errc::bad_extent, "listed_rows", "count of rows", rows_.size(), "the query rows are", e.rows(0)};
    for (index_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i] < 0 || rows_[i] >= of_)
        return {errc::index_out_of_range, "listed_rows", "rows", rows_[i], "it must be at least 0 and below", of_, i};
      if (i > 0 && rows_[i] <= rows_[i - 1])
        return {
            errc::not_monotone, "listed_rows", "rows", rows_[i], "it must be above the entry before,", rows_[i - 1], i};
    }
    if constexpr (self_checking<Part>) {
      call_extents whole = e;
      whole.row_offsets = {};
      whole.rows_each = whole.tokens = of_;
      return part_.check(whole);
    }
    return {};
  }

private:
  HEED_INLINE tile renamed(tile t, index_t* rows) const noexcept {
    for (std::size_t i = 0; i < t.rows.size(); ++i) rows[i] = rows_[t.rows[i]];
    t.rows = {rows, t.rows.size()};
    return t;
  }

  Part part_;
  index_list rows_;
  index_t of_;
};

} // namespace heed
