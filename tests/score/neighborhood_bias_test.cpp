// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// neighborhood_bias: the published index for every parameter, the laws, calls against the oracle, and what it refuses.
#include <heed/score/neighborhood_bias.hpp>

#include "score_checks.hpp"

#include <attention/sample.hpp>

namespace heed::test {
namespace {

/// The definition, by coordinates of groups.
template <int Rank> index_t index_of(const neighborhood<Rank>& m, index_t q, index_t k) {
  const token_grid<Rank> g = m.grid_of(0);
  const per_axis<Rank> a = g.place(q), b = g.place(k);
  index_t at = 0;
  for (int i = 0; i < Rank; ++i)
    at = at * (2 * m.window[i] - 1) + b[i] / m.dilation[i] - a[i] / m.dilation[i] + m.window[i] - 1;
  return at;
}
template <int Rank>
tensor_view<const float, Rank + 1> table_view(const std::vector<float>& t, const per_axis<Rank>& w) {
  const index_t heads = static_cast<index_t>(t.size()) / [&] {
    index_t n = 1;
    for (int a = 0; a < Rank; ++a) n *= 2 * w[a] - 1;
    return n;
  }();
  if constexpr (Rank == 1)
    return view(t.data(), heads, 2 * w[0] - 1);
  else if constexpr (Rank == 2)
    return view(t.data(), heads, 2 * w[0] - 1, 2 * w[1] - 1);
  else
    return view(t.data(), heads, 2 * w[0] - 1, 2 * w[1] - 1, 2 * w[2] - 1);
}

template <int Rank> void expect_index(const neighborhood<Rank>& m, std::uint64_t seed) {
  index_t entries = 1;
  for (int a = 0; a < Rank; ++a) entries *= 2 * m.window[a] - 1;
  random gen(seed);
  const auto table = gen.numbers<float>(3 * entries);
  const index_t n = m.first + m.grid.product();
  std::vector<index_t> places(place(m.grid.product()));
  const neighborhood_bias plain(m, table_view<Rank>(table, m.window));
  const neighborhood_bias quick(m, table_view<Rank>(table, m.window), places);
  for (index_t q = 0; q < n; ++q)
    for (index_t k = 0; k < n; ++k) {
      const cell at{0, (q + k) % 3, q, k, q, k};
      if (!m.allows(at)) continue;
      const bool inside = q >= m.first && k >= m.first;
      const float want = inside ? table[place(at.head * entries + index_of(m, q, k))] : 0.f;
      ASSERT_EQ(plain(1.f, at), 1.f + want) << q << ' ' << k;
      ASSERT_EQ(quick(1.f, at), 1.f + want) << q << ' ' << k;
    }
  // 48 rows from the last third on, and all keys, in lanes.
  const cell_limits limits{.sequences = 1, .heads = 3, .rows = lesser(48, n), .first_q = n - lesser(48, n), .keys = n};
  expect_laws(plain, limits);
  expect_laws(quick, limits);
}
TEST(score_neighborhood_bias, has_the_published_index_for_every_parameter) {
  expect_index(neighborhood<1>{.grid = 40, .window = 7}, 1);
  expect_index(neighborhood<1>{.grid = 61, .window = 6, .stride = 4, .dilation = 3}, 2);
  expect_index(neighborhood<2>{.grid = {9, 11}, .window = {4, 5}, .stride = {1, 5}, .dilation = {2, 1}}, 3);
  expect_index(neighborhood<2>{.grid = {7, 8}, .window = {7, 3}, .causal = {false, true}, .first = 5}, 4);
  expect_index(neighborhood<3>{.grid = {4, 5, 6}, .window = {2, 3, 3}, .dilation = {2, 1, 2}}, 5);
}

TEST(score_neighborhood_bias, calls_are_within_their_bounds) {
  const sample<float> s(1, {8 + 13 * 9}, {8 + 13 * 9}, 2, 2, 8, 12);
  const neighborhood<2> m{.grid = {13, 9}, .window = {5, 4}, .stride = {2, 1}, .dilation = {1, 2}, .first = 8};
  random gen(2);
  const auto table = gen.numbers<float>(4 * 9 * 7);
  std::vector<index_t> places(13 * 9);
  const neighborhood_bias bias(m, view(table.data(), 4, 9, 7), places);
  const auto got = s.run(m, bias);
  expect_within(s, got, s.exact(m, bias));
}
TEST(score_neighborhood_bias, samples_of_unequal_size_have_places_of_their_own) {
  const std::vector<int> grids{13, 9, 5, 24, 6, 7};
  const neighborhood<2> m{.window = {5, 4}, .grids = grids};
  random gen(3);
  const auto table = gen.numbers<float>(9 * 7);
  std::vector<index_t> places(3 * 120);
  const neighborhood_bias plain(m, view(table.data(), 1, 9, 7));
  const neighborhood_bias quick(m, view(table.data(), 1, 9, 7), places);
  for (index_t seq = 0; seq < 3; ++seq)
    for (index_t q = 0; q < m.grid_of(seq).size(); ++q)
      for (index_t k = 0; k < m.grid_of(seq).size(); ++k) {
        const cell at{seq, 0, q, k, q, k};
        ASSERT_TRUE(!m.allows(at) || quick(0.f, at) == plain(0.f, at));
      }
  std::vector<cell> cells;
  for (index_t seq = 0; seq < 3; ++seq)
    for (index_t k = 0; k < 42; ++k) cells.push_back({seq, 0, 41 - k, k, 41 - k, k});
  expect_laws<simd::batch<float>>(quick, cells, [](double, const cell&) { return 0.; });
}

TEST(score_neighborhood_bias, refuses_tables_and_places_that_do_not_fit) {
  const index_t seen = 117;
  const call_extents e = extents(1, 117, 4, 2, &seen);
  const std::vector<float> table(4 * 9 * 7);
  std::vector<index_t> places(13 * 9);
  neighborhood<2> m{.grid = {13, 9}, .window = {5, 4}};
  const auto said = [&](const auto& bias) {
    const failure f = bias.check(e);
    return f ? std::string(error(f).what()) : std::string();
  };
  EXPECT_EQ(said(neighborhood_bias(m, view(table.data(), 4, 9, 7))), "");
  EXPECT_EQ(said(neighborhood_bias(m, view(table.data(), 1, 9, 7), places)), "");
  EXPECT_EQ(said(neighborhood_bias(m, view(table.data(), 3, 9, 7))),
            "neighborhood_bias: extent[0] is 3, but the query heads are 4");
  EXPECT_EQ(said(neighborhood_bias(m, view(table.data(), 4, 9, 5))),
            "neighborhood_bias: extent[2] is 5, twice the window less 1 is 7");
  EXPECT_EQ(said(neighborhood_bias(m, view(table.data(), 4, 9, 7), std::span<index_t>(places).first(116))),
            "neighborhood_bias: count of places is 116, the positions of the grids are 117");
  m.dilation = {3, 1};
  EXPECT_EQ(said(neighborhood_bias(m, view(table.data(), 4, 9, 7))),
            "neighborhood: window[0] is 5, the grid over the dilation is 4");
  m.dilation = {0, 1};
  EXPECT_EQ(said(neighborhood_bias(m, view(table.data(), 4, 9, 7), places)),
            "neighborhood: dilation[0] is 0, the least is 1");
  EXPECT_EQ(neighborhood_bias(m, view(table.data(), 4, 9, 5)).check(e).code, errc::bad_value);
}
} // namespace
} // namespace heed::test
