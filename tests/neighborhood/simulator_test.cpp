// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The simulator against published bounds, against counting, and against the mask's own tiles.
#include <heed/neighborhood/simulator.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace {
using namespace heed;

/// A bound as it is printed in tables.
double printed(double x) { return std::round(100 * x) / 100; }

template <int Rank>
simulation<Rank> in_tiles(neighborhood<Rank> m, const per_axis<Rank>& stride, const per_axis<Rank>& queries,
                          const per_axis<Rank>& keys, key_tiling cut = key_tiling::on_grid) {
  m.stride = stride;
  return simulate(m, grid_tiles<Rank>{queries, keys, cut});
}

// Hassani et al. 2025, Generalized Neighborhood Attention, tables of appendix B.
TEST(neighborhood_simulator, bounds_of_hunyuan_video) {
  const neighborhood<3> m{.grid = {30, 48, 80}, .window = {18, 24, 24}};
  const per_axis<3> q{4, 8, 8}, k{2, 8, 8};
  const auto bound = [&](const per_axis<3>& stride) { return printed(in_tiles(m, stride, q, k).bound()); };
  EXPECT_EQ(bound({1, 1, 1}), 3.27);
  EXPECT_EQ(bound({2, 1, 1}), 3.6);
  EXPECT_EQ(bound({1, 1, 8}), 5.45);
  EXPECT_EQ(bound({2, 1, 8}), 6.0);
  EXPECT_EQ(bound({1, 8, 8}), 9.09);
  EXPECT_EQ(bound({2, 8, 8}), 10.0);
  EXPECT_EQ(bound({16, 8, 8}), 11.11);
  EXPECT_EQ(printed(in_tiles(m, per_axis<3>(1), q, k).ideal()), 11.11);
  EXPECT_EQ(printed(in_tiles(m, per_axis<3>(1), q, k).balanced_bound()), 5.24);
  const auto from_first = in_tiles(m, per_axis<3>(1), q, k, key_tiling::from_first_key);
  EXPECT_EQ(printed(from_first.bound()), 5.11);
  EXPECT_EQ(printed(from_first.balanced_bound()), 6.62);
  const auto by_keys = [&](const per_axis<3>& box) {
    return printed(simulate(m, grid_tiles<3>{.queries = box}).balanced_bound());
  };
  EXPECT_EQ(by_keys({2, 4, 4}), 9.41);
  EXPECT_EQ(by_keys({1, 4, 8}), 8.68);
  EXPECT_EQ(by_keys({1, 1, 16}), 7.75);
}
TEST(neighborhood_simulator, bounds_of_flux_cosmos_and_one_axis) {
  const neighborhood<2> flux{.grid = 256, .window = 80};
  const auto on_flux = [&](const per_axis<2>& stride) {
    return printed(in_tiles(flux, stride, per_axis<2>(16, 16), per_axis<2>(16, 8)).bound());
  };
  EXPECT_EQ(on_flux({1, 1}), 6.1);
  EXPECT_EQ(on_flux({16, 1}), 8.53);
  EXPECT_EQ(on_flux({16, 16}), 10.24);
  const neighborhood<3> cosmos{.grid = {16, 44, 80}, .window = {16, 24, 16}};
  const auto on_cosmos = [&](const per_axis<3>& stride) {
    return printed(in_tiles(cosmos, stride, per_axis<3>(8, 4, 8), per_axis<3>(4, 4, 8)).bound());
  };
  EXPECT_EQ(on_cosmos({1, 1, 1}), 5.24);
  EXPECT_EQ(on_cosmos({1, 8, 1}), 6.11);
  EXPECT_EQ(on_cosmos({1, 1, 16}), 7.86);
  EXPECT_EQ(on_cosmos({1, 8, 16}), 9.17);
  const neighborhood<1> line{.grid = 32768, .window = 2048};
  const auto on_line = [&](index_t stride) {
    return printed(in_tiles(line, per_axis<1>(stride), per_axis<1>(128), per_axis<1>(128)).bound());
  };
  EXPECT_EQ(on_line(1), 15.06);
  EXPECT_EQ(on_line(256), 16);
  EXPECT_EQ(on_line(2048), 16);
}

/// Keys that a query's tile sees, by asking the mask for its runs.
template <int Rank> double counted(const neighborhood<Rank>& m, index_t capacity, index_t& tiles) {
  const index_t n = m.grid.product();
  std::vector<index_t> rows(static_cast<std::size_t>(capacity));
  std::vector<key_run> runs(static_cast<std::size_t>(n + 1));
  double sum = 0;
  tiles = 0;
  for (index_t i = 0; i < m.query_tiles(0, n, capacity); ++i) {
    const index_t count = m.query_tile(0, n, capacity, i, rows);
    if (count == 0) continue;
    ++tiles;
    const std::span<const index_t> q(rows.data(), static_cast<std::size_t>(count));
    index_t keys = 0;
    const index_t found = m.runs({0, 0, {0, 1}, q, q, {q[0], q.back() + 1}, {0, n}, {0, n}}, runs);
    for (index_t r = 0; r < found; ++r) keys += runs[static_cast<std::size_t>(r)].k.size();
    sum += static_cast<double>(keys * count);
  }
  return sum / static_cast<double>(n);
}
template <int Rank> void expect_counted(neighborhood<Rank> m, const per_axis<Rank>& box) {
  m.box = box;
  index_t tiles = 0;
  const double keys = counted(m, box.product(), tiles);
  const simulation<Rank> s = simulate(m, grid_tiles<Rank>{.queries = box});
  EXPECT_NEAR(s.keys, keys, 1e-9 * keys);
  EXPECT_EQ(s.query_tiles, tiles);
}
TEST(neighborhood_simulator, counts_what_the_tiles_of_the_mask_see) {
  expect_counted(neighborhood<1>{.grid = 100, .window = 9, .stride = 3, .dilation = 7}, per_axis<1>(5));
  expect_counted(neighborhood<1>{.grid = 100, .window = 9, .causal = true}, per_axis<1>(12));
  expect_counted(neighborhood<2>{.grid = {20, 31}, .window = {7, 4}, .dilation = {1, 3}}, {6, 8});
  expect_counted(neighborhood<2>{.grid = {20, 31}, .window = {7, 4}, .stride = {2, 4}, .causal = {true, false}},
                 {4, 4});
  expect_counted(neighborhood<3>{.grid = {6, 7, 9}, .window = {3, 4, 5}, .dilation = {2, 1, 1}}, {2, 3, 4});
}

double cost_of(const auto& m, const auto& box, const box_room& room) {
  auto boxed = m;
  boxed.box = box;
  const index_t n = m.grid.product();
  std::vector<index_t> rows(static_cast<std::size_t>(room.rows));
  std::vector<key_run> runs(4096);
  double sum = 0;
  for (index_t i = 0; i < boxed.query_tiles(0, n, room.rows); ++i) {
    const index_t count = boxed.query_tile(0, n, room.rows, i, rows);
    const std::span<const index_t> q(rows.data(), static_cast<std::size_t>(count));
    const index_t found = boxed.runs({0, 0, {0, 1}, q, q, {q[0], q.back() + 1}, {0, n}, {0, n}}, runs);
    index_t keys = 0;
    for (index_t r = 0; r < found; ++r) keys += runs[static_cast<std::size_t>(r)].k.size();
    sum += static_cast<double>(room.cost(count) * keys);
  }
  return sum;
}
TEST(neighborhood_simulator, the_best_box_is_the_cheapest_of_all) {
  const neighborhood<2> m{.grid = {14, 22}, .window = {5, 7}, .stride = {1, 3}};
  const box_room room{.rows = 24, .step = 8};
  const per_axis<2> best = best_box(m, room).box;
  const double least = cost_of(m, best, room);
  for (index_t y = 1; y <= 14; ++y)
    for (index_t x = 1; x <= lesser(22, room.rows / y); ++x)
      EXPECT_GE(cost_of(m, per_axis<2>(y, x), room), least) << y << " x " << x;
  EXPECT_EQ(best_box(neighborhood<2>{.grid = 56, .window = 7}).box, (per_axis<2>(6, 8)));
  EXPECT_EQ(best_box(neighborhood<1>{.grid = 4096, .window = 64}).box, per_axis<1>(48));
}
TEST(neighborhood_simulator, the_mask_s_own_choice_is_close_to_the_best) {
  const auto expect_close = [](const auto& m, const char* what) {
    for (const index_t rows : {48, 24, 12}) {
      const box_room room{.rows = rows, .step = rows / 3};
      const auto chosen = query_boxes(m.grid_of(0), m.box, rows).box();
      EXPECT_LE(cost_of(m, chosen, room), 1.08 * cost_of(m, best_box(m, room).box, room)) << what << ", rows " << rows;
    }
  };
  expect_close(neighborhood<2>{.grid = 56, .window = 7}, "NAT");
  expect_close(neighborhood<2>{.grid = 56, .window = 13}, "13");
  expect_close(neighborhood<2>{.grid = 28, .window = 7, .dilation = 4}, "DiNAT");
  expect_close(neighborhood<2>{.grid = 256, .window = 80, .stride = {16, 1}}, "FLUX");
  expect_close(neighborhood<3>{.grid = {30, 48, 80}, .window = {18, 24, 24}}, "HunyuanVideo");
  expect_close(neighborhood<3>{.grid = {30, 48, 80}, .window = {18, 24, 24}, .stride = {1, 8, 8}}, "HunyuanVideo by 8");
}
TEST(neighborhood_simulator, says_what_it_counts) {
  const neighborhood<2> m{.grid = 56, .window = 7};
  EXPECT_EQ(
      std::string(explain(simulate(m, grid_tiles<2>{.queries = {6, 8}})).c_str()),
      "query tiles of 6 x 8: a query sees 49 keys, its tile 149.73, useful 32.72 %; at most 18.67 times as fast as "
      "dense, 21.5 if balanced, 64 by multiply-adds");
  EXPECT_EQ(std::string(explain(simulate(m, grid_tiles<2>{{8, 8}, {8, 8}, key_tiling::on_grid})).c_str()),
            "query tiles of 8 x 8, key tiles of 8 x 8: a query sees 49 keys, its tile 172.73, useful 28.37 %; at most "
            "5.44 times as fast as dense, 6.65 if balanced, 64 by multiply-adds");
}
} // namespace
