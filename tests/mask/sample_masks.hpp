// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Masks with one odd property each, as users may write them.
#include <heed/mask/interval_mask.hpp>

namespace heed::test {

/// Depends on slots: not tight, and its runs are one partial stretch.
struct by_slot {
  bool allows(cell at) const noexcept { return at.slot % 3 != 1; }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    return w.put(t.k, coverage::partial) ? w.n : w.n;
  }
};

/// Rows at a rest of a count see everything, the others nothing. By row, not by position.
struct only_rows {
  static constexpr bool tight = true;
  index_t rest, count;
  bool allows(cell at) const noexcept { return at.row % count == rest; }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    std::size_t seeing = 0;
    for (const index_t row : t.rows) seeing += row % count == rest ? 1 : 0;
    if (seeing > 0) static_cast<void>(w.put(t.k, seeing == t.rows.size() ? coverage::full : coverage::partial));
    return w.n;
  }
};

/// Even heads see even keys, odd heads see the others; tight.
struct by_head {
  static constexpr bool tight = true;
  bool allows(cell at) const noexcept { return (at.head - at.k) % 2 == 0; }
  bool alike(range heads) const noexcept { return heads.size() <= 1; }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    for (index_t k = t.k.begin; k < t.k.end; ++k) {
      const bool all = t.heads.size() == 1, own = (t.heads.begin - k) % 2 == 0;
      if ((own || !all) && !w.put({k, k + 1}, all ? coverage::full : coverage::partial)) break;
    }
    return w.n;
  }
};

/// Causal, answering cell by cell only; tight.
struct without_bits {
  static constexpr bool tight = true;
  range visible(index_t, index_t q) const noexcept { return {all_positions.begin, q + 1}; }
  bool allows(cell at) const noexcept { return interval_allows(*this, at); }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept { return interval_runs(*this, t, out); }
};

/// Everything is seen; rows that leave the same rest form tiles.
struct strided_tiles {
  static constexpr bool tight = true;
  index_t step;
  bool allows(cell) const noexcept { return true; }
  index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    run_writer w{out, t.k};
    static_cast<void>(w.put(t.k, coverage::full));
    return w.n;
  }
  index_t parts(index_t rows, index_t capacity) const noexcept {
    return ((rows + step - 1) / step + capacity - 1) / capacity;
  }
  index_t query_tiles(index_t, index_t rows, index_t capacity) const noexcept { return step * parts(rows, capacity); }
  index_t query_tile(index_t, index_t rows, index_t capacity, index_t i, std::span<index_t> out) const noexcept {
    const index_t n = parts(rows, capacity);
    index_t count = 0;
    for (index_t r = i / n + i % n * capacity * step; r < rows && count < capacity; r += step)
      out[static_cast<std::size_t>(count++)] = r;
    return count;
  }
  /// ceil(ceil(rows / step) / capacity) tiles for each remainder, summed over sequences.
  index_t most_query_tiles(index_t sequences, index_t rows, index_t capacity) const noexcept {
    return step * (rows / (step * capacity) + sequences);
  }
};

static_assert(tight_mask<only_rows> && head_aware<by_head> && !bit_mask<without_bits> && interval_mask<without_bits>);
static_assert(bounded_query_tiler<strided_tiles> && !tight_mask<by_slot>);

} // namespace heed::test
