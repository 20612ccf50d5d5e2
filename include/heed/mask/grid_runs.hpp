// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The keys of a tile on a grid as runs: line by line of the box that its rows see.
#include <heed/mask/exact_runs.hpp>
#include <heed/mask/token_grid.hpp>

namespace heed::detail {
inline namespace HEED_ISA {

/// A tile's rows along one axis: numbers of one dilation group without a gap, so that what some of them see, and what
/// all see, are stretches of numbers too.
struct axis_box {
  index_t group, step;
  range some, every;
};

/// Rows by axis, if the tile is a box of one dilation group: strictly ascending, and as many as the box has places.
template <int Rank>
HEED_INLINE bool box_of(const token_grid<Rank>& g, const tile& t, axis_box (&box)[Rank], range (&hull)[Rank]) noexcept {
  const std::size_t n = t.q.size();
  grid_walk<Rank> walk(g);
  const per_axis<Rank> first = walk.go(t.q[0]);
  for (int a = 0; a < Rank; ++a) hull[a] = {first[a], first[a] + 1};
  bool ascend = true;
  for (std::size_t i = 1; i < n; ++i) {
    ascend = ascend && t.q[i] > t.q[i - 1];
    const per_axis<Rank>& c = walk.go(t.q[i]);
    for (int a = 0; a < Rank; ++a) hull[a] = {lesser(hull[a].begin, c[a]), greater(hull[a].end, c[a] + 1)};
  }
  bool dilated = false;
  auto places = static_cast<index_t>(1);
  for (int a = 0; a < Rank; ++a) {
    const grid_axis& axis = g.axis[a];
    dilated = dilated || axis.dilation > 1;
    const index_t group = axis.group(hull[a].begin), length = axis.group_length(group);
    const index_t from = axis.number(hull[a].begin), to = axis.number(hull[a].end - 1);
    places *= to - from + 1;
    const range low = axis.numbers_seen(from, length), high = axis.numbers_seen(to, length);
    box[a] = {group, axis.dilation, {low.begin, high.end}, {high.begin, low.end}};
  }
  if (!ascend || places != static_cast<index_t>(n)) return false;
  if (dilated)
    for (const index_t q : t.q) {
      const per_axis<Rank>& c = walk.go(q);
      for (int a = 0; a < Rank; ++a)
        if (g.axis[a].group(c[a]) != box[a].group) return false;
    }
  return true;
}

/// Writes the lines of a box of keys from the first that the clip holds on. False: the buffer is full.
template <int Rank>
[[nodiscard]] HEED_INLINE bool put_lines(run_writer& w, const token_grid<Rank>& g,
                                         const axis_box (&box)[Rank]) noexcept {
  const axis_box& along = box[Rank - 1];
  const auto put_line = [&](index_t before, coverage outer) HEED_BODY {
    const bool whole = outer == coverage::full;
    const index_t base = g.first + before * g.axis[Rank - 1].length + along.group;
    if (along.step == 1) {
      const range every = whole ? range{base + along.every.begin, base + along.every.end} : range{};
      return w.put(range{base + along.some.begin, base + along.some.end}, every);
    }
    for (index_t x = along.some.begin; x < along.some.end; ++x) {
      const index_t p = base + x * along.step;
      if (p >= w.clip.end) break;
      if (p < w.clip.begin) continue;
      if (!w.put({p, p + 1}, whole && holds(along.every, x) ? coverage::full : coverage::partial)) return false;
    }
    return true;
  };
  if constexpr (Rank == 1) {
    return put_line(0, coverage::full);
  } else {
    const index_t plane = g.size() / g.axis[0].length;
    const index_t first = (w.clip.begin - g.first) / plane; // the line that the clip begins in
    for (index_t y = box[0].some.begin; y < box[0].some.end; ++y) {
      const index_t c0 = box[0].group + y * box[0].step;
      if (c0 < first) continue;
      if (g.first + c0 * plane >= w.clip.end) break;
      if constexpr (Rank == 2) {
        if (!put_line(c0, holds(box[0].every, y) ? coverage::full : coverage::partial)) return false;
      } else {
        for (index_t z = box[1].some.begin; z < box[1].some.end; ++z) {
          const coverage outer = holds(box[0].every, y) && holds(box[1].every, z) ? coverage::full : coverage::partial;
          if (!put_line(c0 * g.axis[1].length + box[1].group + z * box[1].step, outer)) return false;
        }
      }
    }
    return true;
  }
}

/// Runs of a tile, exact. m: the mask that the grid is of, for tiles that are no box.
///
/// Cost      a box: O(rows + lines of keys), O(rows + keys) where the last axis is dilated; other tiles: bits of the
///           keys between the first and last line that a row sees
template <int Rank, mask M>
index_t grid_runs(const M& m, const token_grid<Rank>& g, const tile& t, std::span<key_run> out) noexcept {
  run_writer w{out, t.k};
  index_t outside = 0;
  for (const index_t q : t.q) outside += !g.holds(q);
  if (t.q.empty()) return 0;
  const index_t end = g.first + g.size();
  // The keys before and behind the grid are everybody's, and so are all keys to queries there.
  if (outside > 0) {
    if (outside == static_cast<index_t>(t.q.size()))
      static_cast<void>(w.put(all_positions, coverage::full));
    else
      static_cast<void>(put_exact(w, m, t, t.k));
    return w.n;
  }
  if (!w.put({all_positions.begin, g.first}, coverage::full)) return w.n;
  axis_box box[Rank];
  range hull[Rank];
  if (box_of(g, t, box, hull)) {
    if (!put_lines(w, g, box)) return w.n;
  } else {
    // Lines from the first that a row sees to the last, whole.
    range lines{g.axis[0].length, 0};
    for (const index_t q : t.q) {
      const index_t c = g.place(q)[0], group = g.axis[0].group(c);
      const range r = g.axis[0].seen(c);
      lines = {lesser(lines.begin, group + g.axis[0].dilation * r.begin),
               greater(lines.end, group + g.axis[0].dilation * (r.end - 1) + 1)};
    }
    const index_t line = g.size() / g.axis[0].length;
    if (!put_exact(w, m, t, {g.first + lines.begin * line, g.first + lines.end * line})) return w.n;
  }
  static_cast<void>(w.put({end, all_positions.end}, coverage::full));
  return w.n;
}

} // namespace HEED_ISA
} // namespace heed::detail
