// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Neighborhood attention: windows on a grid of one to three axes.
#include <heed/mask/grid_bits.hpp>
#include <heed/mask/grid_runs.hpp>
#include <heed/mask/query_boxes.hpp>
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// What happens where a grid is smaller than the windows on it: refuse, or make the windows as large as fits.
enum class window_fit : unsigned char { exact, clamp };

/// Each query attends to a box of keys around it on a grid; at borders the box shifts inward, so that every query sees
/// exactly the product of `window` keys. Along a causal axis it sees nothing behind itself, and less at the start.
///
/// Positions before the grid, [0, first), are extra tokens (text, registers, class tokens): every query sees them, and
/// queries among them see everything. Put them before the grid with heed::joined(extra, contiguous(k, v)).
///
/// Shapes    grid, window, stride, dilation, causal, box: by axis, slowest first, or one number for all; position =
///           first + row-major index on the grid. grids: [sequences][Rank], in place of grid, where samples differ
/// Units     tokens. window: even ones have the additional key before the query. stride: so many neighbors share one
///           window (1: a window each; = window: blocks). dilation: keys are so far apart (1: side by side).
///           box: rows of a query tile by axis, 0: chosen (heed::best_box tries them all)
/// Requires  grid >= 2, window >= 2, 1 <= stride <= window, dilation >= 1, window * dilation <= grid, else
///           errc::bad_value. With window_fit::clamp grid >= 1, and a window that does not fit becomes grid / dilation,
///           its stride at most that. All positions of the grid seen, unless axis 0 is causal, and none behind, else
///           errc::length_out_of_range
/// Laws      bit_mask, tight_mask, query_tiler; a query sees itself; window = grid equals full bit by bit
/// Cost      runs of a tile that is a box: O(rows + lines of keys); bits: O(rows + keys)
/// Source    Hassani et al. 2023, Neighborhood Attention Transformer; Hassani and Shi 2022 (dilation); Hassani et al.
///           2025, Generalized Neighborhood Attention (stride)
template <int Rank> struct neighborhood {
  static constexpr bool tight = true;

  per_axis<Rank> grid = 0, window = 0, stride = 1, dilation = 1;
  per_axis<Rank, bool> causal = false;
  window_fit fit = window_fit::exact;
  index_t first = 0;
  index_list grids = {};
  per_axis<Rank> box = 0;

  /// The grid of a sequence with its windows.
  [[nodiscard]] HEED_INLINE token_grid<Rank> grid_of(index_t seq) const noexcept {
    token_grid<Rank> g;
    g.first = first;
    for (int a = 0; a < Rank; ++a) {
      const index_t length = grids.empty() ? grid[a] : grids[seq * Rank + a];
      g.axis[a] = {length, window[a], stride[a], dilation[a], causal[a]};
      if (fit == window_fit::clamp) {
        g.axis[a].dilation = lesser(dilation[a], length); // farther apart than the axis is long: each alone
        g.axis[a].window = lesser(window[a], greater(1, length / dilation[a]));
        g.axis[a].stride = lesser(stride[a], g.axis[a].window);
      }
    }
    return g;
  }
  [[nodiscard]] HEED_INLINE bool allows(cell at) const noexcept {
    const token_grid<Rank> g = grid_of(at.seq);
    if (!g.holds(at.q) || !g.holds(at.k)) return true;
    const per_axis<Rank> q = g.place(at.q), k = g.place(at.k);
    for (int a = 0; a < Rank; ++a)
      if (!g.axis[a].allows(q[a], k[a])) return false;
    return true;
  }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return detail::grid_runs(*this, grid_of(t.seq), t, out);
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    detail::answer_bits(grid_of(t.seq), t, k, rows);
  }

  /// Boxes where the call's rows are the whole grid, with or without the tokens before it; else, and where everything
  /// is seen, rows one after the other.
  [[nodiscard]] HEED_INLINE index_t query_tiles(index_t seq, index_t rows, index_t capacity) const noexcept {
    const token_grid<Rank> g = grid_of(seq);
    const index_t before = rows_before(g, rows);
    const auto parts = [&](index_t n) HEED_BODY { return (n + capacity - 1) / capacity; };
    if (before < 0) return parts(rows);
    return parts(before) + query_boxes<Rank>(g, box, capacity).count();
  }
  [[nodiscard]] HEED_INLINE index_t query_tile(index_t seq, index_t rows, index_t capacity, index_t i,
                                               std::span<index_t> out) const noexcept {
    const token_grid<Rank> g = grid_of(seq);
    const index_t before = rows_before(g, rows), in_order = before < 0 ? rows : before;
    if (i * capacity < in_order) {
      index_t n = 0;
      for (index_t r = i * capacity; r < lesser(in_order, (i + 1) * capacity); ++r)
        out[static_cast<std::size_t>(n++)] = r;
      return n;
    }
    return query_boxes<Rank>(g, box, capacity).list(i - (before + capacity - 1) / capacity, before, out);
  }
  /// One panel, because the keys of a box grow with the box; more only where windows are so large that four panels see
  /// less than 5 % more keys for a query than one.
  [[nodiscard]] HEED_INLINE index_t tile_panels(index_t seq) const noexcept {
    constexpr index_t large[] = {2880, 280 * 280, 128 * 128 * 128};
    const token_grid<Rank> g = grid_of(seq);
    index_t keys = 1;
    for (const grid_axis& a : g.axis) keys *= a.window;
    return g.whole() || keys >= large[Rank - 1] ? 8 : 1;
  }
  [[nodiscard]] HEED_INLINE index_t most_query_tiles(index_t sequences, index_t tokens,
                                                     index_t capacity) const noexcept {
    const index_t in_order = (tokens + capacity - 1) / capacity + sequences;
    for (int a = 0; a < Rank; ++a)
      if (dilation[a] < 1 || stride[a] < 1 || window[a] < 1 || (grids.empty() && grid[a] < 1) ||
          (fit == window_fit::exact && grids.empty() && dilation[a] > grid[a]))
        return in_order; // the call will be refused
    // A larger capacity may give a box of another shape, and with it a few tiles more at the ends of axes.
    if (grids.empty()) return in_order + 2 * sequences * query_boxes<Rank>(grid_of(0), box, capacity).count();
    // Lists bind at run: at worst each row alone, and dilation groups of unequal length have as many boxes, some empty.
    // A group is one row shorter than the longest; groups have at least two rows, or one where windows are clamped.
    index_t most = tokens;
    for (int a = 0; a < Rank; ++a)
      if (dilation[a] > 1) most += fit == window_fit::exact ? (most + 1) / 2 : most;
    return most + sequences;
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept { return detail::any_shares(f, grids); }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (first < 0) return {errc::bad_value, "neighborhood", "first", first, "the least is", 0};
    if (first > most_tokens) return {errc::limit_exceeded, "neighborhood", "first", first, "the limit is", most_tokens};
    index_t places = 1;
    for (int a = 0; a < Rank; ++a) {
      if (window[a] < 2) return {errc::bad_value, "neighborhood", "window", window[a], "the least is", 2, a};
      if (__builtin_mul_overflow(places, window[a], &places) || places > most_tokens)
        return {errc::size_overflow,
                "neighborhood",
                "window",
                window[a],
                "the keys of a window may be at most",
                most_tokens,
                a};
      if (dilation[a] < 1) return {errc::bad_value, "neighborhood", "dilation", dilation[a], "the least is", 1, a};
      if (stride[a] < 1) return {errc::bad_value, "neighborhood", "stride", stride[a], "the least is", 1, a};
      if (stride[a] > window[a])
        return {errc::bad_value, "neighborhood", "stride", stride[a], "the window is", window[a], a};
      if (box[a] < 0) return {errc::bad_value, "neighborhood", "box", box[a], "the least is", 0, a};
    }
    if (!grids.empty() && grids.size() != e.sequences * Rank)
      return {errc::bad_extent,           "neighborhood",    "count of grids", grids.size(),
              "sequences times axes are", e.sequences * Rank};
    for (index_t s = 0; s < (grids.empty() ? lesser(1, e.sequences) : e.sequences); ++s)
      if (const failure f = check_grid(s)) return f;
    for (index_t s = 0; s < e.sequences; ++s) {
      if (e.rows(s) == 0) continue;
      const index_t end = first + grid_of(s).size(), seen = e.seen(s);
      if (seen > end)
        return {errc::length_out_of_range, "neighborhood", "count of tokens", seen, "the grid ends at", end, s};
      if (seen < end && !causal[0])
        return {errc::length_out_of_range, "neighborhood", "count of tokens", seen, "the grid needs", end, s};
    }
    return {};
  }

private:
  static constexpr index_t most_tokens = index_t{1} << 40;

  /// Rows before those of the grid; -1: the rows are to be taken in order.
  [[nodiscard]] HEED_INLINE index_t rows_before(const token_grid<Rank>& g, index_t rows) const noexcept {
    const index_t n = g.size();
    if (g.whole() || (rows != n && rows != first + n)) return -1;
    return rows - n;
  }
  [[nodiscard]] HEED_INLINE failure check_grid(index_t seq) const noexcept {
    const bool listed = !grids.empty();
    const index_t least = fit == window_fit::clamp ? 1 : 2;
    index_t size = 1;
    for (int a = 0; a < Rank; ++a) {
      const index_t length = listed ? grids[seq * Rank + a] : grid[a], at = listed ? seq * Rank + a : a;
      const char* const name = listed ? "grids" : "grid";
      if (length < least) return {errc::bad_value, "neighborhood", name, length, "the least is", least, at};
      if (__builtin_mul_overflow(size, length, &size) || size > most_tokens)
        return {
            errc::size_overflow, "neighborhood", name, length, "the tokens of a grid may be at most", most_tokens, at};
      if (fit == window_fit::exact && window[a] > length / dilation[a])
        return {errc::bad_value,
                "neighborhood",
                "window",
                window[a],
                listed ? "the smallest grid over the dilation is" : "the grid over the dilation is",
                length / dilation[a],
                a};
    }
    return {};
  }
};

static_assert(bit_mask<neighborhood<1>> && bit_mask<neighborhood<2>> && bit_mask<neighborhood<3>>);
static_assert(tight_mask<neighborhood<2>> && query_tiler<neighborhood<2>> && self_checking<neighborhood<2>>);

} // namespace heed
