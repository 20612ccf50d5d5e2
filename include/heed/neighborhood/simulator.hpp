// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a query tile costs on a grid before anything runs: the keys that it visits, the bound that follows, the best
// box.
#include <heed/mask/neighborhood.hpp>
#include <heed/plan/plan.hpp>

namespace heed {

/// Where key tiles begin: at multiples of their size, or at the first key that the query tile sees (no rounding at both
/// ends, as heed's kernels do with key tiles of one key).
enum class key_tiling : unsigned char { on_grid, from_first_key };

/// Query and key tiles by axis. keys 1: keys are visited one by one.
template <int Rank> struct grid_tiles {
  per_axis<Rank> queries = 1, keys = 1;
  key_tiling cut = key_tiling::from_first_key;
};

/// Visits of a neighborhood in some tiles.
///
/// Units     visited: key tiles of one query tile; all: key tiles of the grid; keys: keys of the tile that a query is
///           in, mean over the queries; window: keys that an inner query sees
template <int Rank> struct simulation {
  grid_tiles<Rank> tiles;
  per_axis<Rank> box;
  index_t queries = 0, query_tiles = 0;
  double visited_most = 0, visited_mean = 0, all = 0, keys = 0, window = 0;

  /// Times as fast as dense attention in the same tiles, if time goes by visited key tiles: where every query tile
  /// takes as long as the dearest, and where a scheduler evens them out.
  [[nodiscard]] HEED_INLINE double bound() const noexcept { return all / visited_most; }
  [[nodiscard]] HEED_INLINE double balanced_bound() const noexcept { return all / visited_mean; }
  /// The same by multiply-adds alone.
  [[nodiscard]] HEED_INLINE double ideal() const noexcept { return static_cast<double>(queries) / window; }
  /// Useful part of the multiply-adds.
  [[nodiscard]] HEED_INLINE double useful() const noexcept { return window / keys; }
};

inline namespace HEED_ISA {
namespace neighborhood_detail {

/// Query tiles of one axis by size: how many, and the keys that they see together.
struct tile_sizes {
  static constexpr int most = 4; ///< whole tiles, and the last one of groups of two lengths
  index_t size[most], count[most], keys[most];
  int n = 0;

  void add(index_t rows, index_t seen) noexcept {
    int i = 0;
    while (i < n && size[i] != rows) ++i;
    if (i == n) {
      size[n] = rows;
      count[n] = keys[n] = 0;
      ++n;
    }
    ++count[i];
    keys[i] += seen;
  }
};

/// Calls visit(rows, first key, behind the last key) for each query tile of `box` rows along an axis, in numbers of
/// their dilation group.
template <class F> void walk_axis(const grid_axis& a, index_t box, const F& visit) noexcept {
  for (index_t g = 0; g < lesser(a.dilation, a.length); ++g) {
    const index_t n = a.group_length(g);
    for (index_t q = 0; q < n; q += box) {
      const index_t end = lesser(n, q + box);
      visit(end - q, a.numbers_seen(q, n).begin, a.numbers_seen(end - 1, n).end);
    }
  }
}

HEED_INLINE index_t up(index_t x, index_t to) noexcept { return (x + to - 1) / to; }

} // namespace neighborhood_detail

/// Counts what the query tiles of a neighborhood visit.
///
/// Requires  m passes its check; tiles of 1 or more
/// Cost      O(axis lengths)
/// Source    Hassani et al. 2025, Generalized Neighborhood Attention, appendix B.1 (NATTENSim)
template <int Rank>
[[nodiscard]] simulation<Rank> simulate(const neighborhood<Rank>& m, const grid_tiles<Rank>& tiles,
                                        index_t seq = 0) noexcept {
  namespace nd = neighborhood_detail;
  const token_grid<Rank> g = m.grid_of(seq);
  simulation<Rank> s;
  s.tiles = tiles;
  s.box = tiles.queries;
  s.queries = g.size();
  s.query_tiles = 1;
  s.visited_most = s.visited_mean = s.all = s.keys = s.window = 1;
  for (int a = 0; a < Rank; ++a) {
    const grid_axis& axis = g.axis[a];
    const index_t step = tiles.keys[a];
    index_t most = 0, sum = 0, count = 0, keys = 0;
    nd::walk_axis(axis, tiles.queries[a], [&](index_t rows, index_t begin, index_t end) {
      const index_t n = tiles.cut == key_tiling::on_grid ? nd::up(end, step) - begin / step : nd::up(end - begin, step);
      most = greater(most, n);
      sum += n;
      ++count;
      keys += rows * (end - begin);
    });
    s.query_tiles *= count;
    s.visited_most *= static_cast<double>(most);
    s.visited_mean *= static_cast<double>(sum) / static_cast<double>(count);
    s.all *= static_cast<double>(nd::up(axis.length, step));
    s.keys *= static_cast<double>(keys) / static_cast<double>(axis.length);
    s.window *= static_cast<double>(axis.window);
  }
  return s;
}

/// Rows of a query tile. step: so many share a vector. A visited key costs one unit for each vector that the tile's
/// rows fill, and three more however few they are: 2 to 5 by the times of boxes of one, two and three vectors at head
/// dim 32, 1 to 2 at head dim 64 (56 x 56, windows 7 and 13, Zen 4, two threads).
struct box_room {
  index_t rows = 48, step = 16;
  [[nodiscard]] HEED_INLINE index_t cost(index_t tile_rows) const noexcept { return (tile_rows + step - 1) / step + 3; }
};

/// Tries every box of at most room.rows rows and returns that whose tiles cost least: the sum of their keys, each times
/// room.cost of the tile's rows. A mask takes it as m.box = best_box(m).box; without, its own choice costs at most 8 %
/// more on the shapes of real models (tests/neighborhood/simulator_test.cpp).
///
/// The default room is that of one query head per key-value head with AVX-512 and f32. Query heads of a group share a
/// tile: with four, room.rows is 12 and room.step 4. explain(plan) names the lanes of a panel.
///
/// Requires  m passes its check
/// Cost      O(room.rows log(room.rows)^(Rank - 1) + room.rows x axis length)
template <int Rank>
[[nodiscard]] simulation<Rank> best_box(const neighborhood<Rank>& m, const box_room& room = {},
                                        index_t seq = 0) noexcept {
  namespace nd = neighborhood_detail;
  const token_grid<Rank> g = m.grid_of(seq);
  double least = 0;
  per_axis<Rank> best = 1;
  bool first = true;
  const auto try_box = [&](const per_axis<Rank>& box, const nd::tile_sizes(&by_axis)[Rank]) {
    double cost = 0;
    int at[Rank] = {};
    for (;;) { // every combination of sizes
      index_t rows = 1;
      double keys = 1;
      for (int a = 0; a < Rank; ++a) {
        rows *= by_axis[a].size[at[a]];
        keys *= static_cast<double>(by_axis[a].keys[at[a]]);
      }
      cost += static_cast<double>(room.cost(rows)) * keys;
      int a = Rank - 1;
      while (a >= 0 && ++at[a] == by_axis[a].n) at[a--] = 0;
      if (a < 0) break;
    }
    if (first || cost < least) {
      first = false;
      least = cost;
      best = box;
    }
  };
  nd::tile_sizes by_axis[Rank];
  per_axis<Rank> box = 1;
  const auto fill = [&](int a) {
    by_axis[a] = {};
    nd::walk_axis(g.axis[a], box[a],
                  [&](index_t rows, index_t begin, index_t end) { by_axis[a].add(rows, end - begin); });
  };
  const auto most = [&](int a, index_t used) { return lesser(room.rows / used, g.axis[a].group_length(0)); };
  for (box[0] = 1; box[0] <= most(0, 1); ++box[0]) {
    fill(0);
    if constexpr (Rank == 1)
      try_box(box, by_axis);
    else
      for (box[1] = 1; box[1] <= most(1, box[0]); ++box[1]) {
        fill(1);
        if constexpr (Rank == 2)
          try_box(box, by_axis);
        else
          for (box[2] = 1; box[2] <= most(2, box[0] * box[1]); ++box[2]) {
            fill(2);
            try_box(box, by_axis);
          }
      }
  }
  return simulate(m, grid_tiles<Rank>{.queries = best}, seq);
}

/// Says in one line what the tiles visit and what bound follows.
template <int Rank> [[nodiscard]] plan_text explain(const simulation<Rank>& s) noexcept {
  plan_text t;
  detail::text_buffer b{t.text, static_cast<index_t>(sizeof t.text)};
  const auto hundredths = [&](double x) {
    const auto n = static_cast<index_t>(x * 100 + 0.5);
    b.put(n / 100);
    b.put(n / 10 % 10 != 0 || n % 10 != 0 ? "." : "");
    if (n % 100 != 0) b.put(n / 10 % 10);
    if (n % 10 != 0) b.put(n % 10);
  };
  const auto axes = [&](const per_axis<Rank>& x) {
    for (int a = 0; a < Rank; ++a) {
      b.put(a == 0 ? "" : " x ");
      b.put(x[a]);
    }
  };
  b.put("query tiles of ");
  axes(s.tiles.queries);
  if (s.tiles.keys.product() > 1) {
    b.put(", key tiles of ");
    axes(s.tiles.keys);
  }
  b.put(": a query sees ");
  hundredths(s.window);
  b.put(" keys, its tile ");
  hundredths(s.keys);
  b.put(", useful ");
  hundredths(100 * s.useful());
  b.put(" %; at most ");
  hundredths(s.bound());
  b.put(" times as fast as dense, ");
  hundredths(s.balanced_bound());
  b.put(" if balanced, ");
  hundredths(s.ideal());
  b.put(" by multiply-adds");
  return t;
}

} // namespace HEED_ISA
} // namespace heed
