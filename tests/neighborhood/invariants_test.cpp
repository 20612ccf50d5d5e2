// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What neighborhoods must be equal to: dense and causal attention, averages, slices, one softmax over extra tokens.
#include "grid_calls.hpp"

#include <heed/kv/joined.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/full.hpp>
#include <heed/merge.hpp>

#include <algorithm>

namespace heed::test {
namespace {

template <int Rank> void expect_dense(const per_axis<Rank>& grid, const per_axis<Rank>& stride) {
  const index_t n = grid.product();
  const sample<float> s = grid_sample(1, n, 2, 2);
  const outcome<float> got = run_grid(s, neighborhood<Rank>{.grid = grid, .window = grid, .stride = stride});
  EXPECT_TRUE(got == s.run(erased_mask(full{}))) << n << " tokens";
}
TEST(neighborhood_invariants, a_window_of_the_whole_grid_is_dense_bit_by_bit) {
  expect_dense(per_axis<1>(1300), per_axis<1>(7));
  expect_dense(per_axis<2>{41, 33}, per_axis<2>{1, 1});
  expect_dense(per_axis<2>{5, 7}, per_axis<2>{5, 3});
  expect_dense(per_axis<3>{5, 9, 11}, per_axis<3>{2, 1, 11});
}
TEST(neighborhood_invariants, a_causal_window_of_the_whole_axis_is_causal_bit_by_bit) {
  for (const index_t stride : {1, 50}) {
    const sample<float> s = grid_sample(2, 1300, 2, 2);
    EXPECT_TRUE(run_grid(s, neighborhood<1>{.grid = 1300, .window = 1300, .stride = stride, .causal = true}) ==
                s.run(erased_mask(causal{})));
  }
}

TEST(neighborhood_invariants, equal_values_come_out_as_they_are_and_zero_queries_average) {
  const neighborhood<2> m{.grid = {12, 15}, .window = {4, 5}, .stride = {2, 1}, .causal = {false, true}};
  sample<float> s = grid_sample(3, 180);
  for (std::size_t i = 0; i < s.v.size(); ++i) s.v[i] = static_cast<float>(i % place(s.value_dim)) - 3;
  const outcome<float> constant = run_grid(s, m);
  for (std::size_t i = 0; i < constant.o.size(); ++i)
    ASSERT_NEAR(constant.o[i], static_cast<double>(i % place(s.value_dim)) - 3, 20 * 4 * epsilon<float>);

  for (float& x : s.q) x = 0;
  const sample<float> drawn = grid_sample(4, 180);
  s.v = drawn.v;
  const outcome<float> mean = run_grid(s, m);
  for (index_t q = 0; q < 180; ++q) {
    double sum = 0, sizes = 0;
    index_t keys = 0;
    for (index_t k = 0; k < 180; ++k)
      if (m.allows({0, 0, q, k, q, k})) {
        ++keys;
        sum += static_cast<double>(s.v[place(k * s.value_dim)]);
        sizes += std::fabs(static_cast<double>(s.v[place(k * s.value_dim)]));
      }
    const row_facts facts{static_cast<double>(keys), static_cast<double>(s.key_dim), 0};
    ASSERT_NEAR(mean.lse[place(q * 2)], std::log(static_cast<double>(keys)), lse_bound<float>(facts));
    ASSERT_NEAR(mean.o[place(q * 2 * s.value_dim)], sum / static_cast<double>(keys),
                (output_bound<float, float>(facts, sizes / static_cast<double>(keys), 0)));
  }
}

TEST(neighborhood_invariants, a_dilated_grid_is_its_slices_bit_by_bit) {
  const neighborhood<2> m{.grid = {14, 36}, .window = {3, 5}, .dilation = {2, 3}};
  const neighborhood<2> slice{.grid = {7, 12}, .window = {3, 5}};
  const sample<float> s = grid_sample(5, 14 * 36);
  const outcome<float> got = run_grid(s, m);
  for (index_t a = 0; a < 2; ++a)
    for (index_t b = 0; b < 3; ++b) {
      sample<float> part = grid_sample(5, 84);
      outcome<float> own;
      const auto take = [&](const std::vector<float>& from, index_t width) {
        std::vector<float> to;
        for (index_t y = a; y < 14; y += 2)
          for (index_t x = b; x < 36; x += 3)
            to.insert(to.end(), from.begin() + (y * 36 + x) * width, from.begin() + (y * 36 + x + 1) * width);
        return to;
      };
      part.q = take(s.q, 2 * s.key_dim);
      part.k = take(s.k, s.key_dim);
      part.v = take(s.v, s.value_dim);
      own.o = take(got.o, 2 * s.value_dim);
      own.lse = take(got.lse, 2);
      EXPECT_TRUE(run_grid(part, slice) == own) << a << ' ' << b;
    }
}

TEST(neighborhood_invariants, extra_tokens_join_one_softmax) {
  const index_t extra = 21, n = 90;
  const neighborhood<2> m{.grid = {9, 10}, .window = {3, 4}, .first = extra};
  // Grid rows alone; then the extra tokens ask too, and see everything.
  for (const index_t rows : {n, extra + n}) {
    const sample<float> s(6, {rows}, {extra + n}, 2, 3, 8, 12);
    const auto k = s.keys(), v = s.values();
    const auto both = joined(contiguous(k.slice(0, 0, extra), v.slice(0, 0, extra)),
                             contiguous(k.slice(0, extra, n), v.slice(0, extra, n)));
    const outcome<float> got = run_grid(s, erased_source<float>(both), any_neighborhood(m));
    expect_within(s, got, s.exact(m));
    EXPECT_TRUE(got == run_grid(s, m)) << "joined rows and rows in one piece";
  }
}
TEST(neighborhood_invariants, extra_tokens_may_be_merged_by_log_sum_exp) {
  const index_t extra = 21, n = 90;
  const sample<float> s(6, {n}, {extra + n}, 2, 3, 8, 12);
  const auto k = s.keys(), v = s.values();
  neighborhood<2> m{.grid = {9, 10}, .window = {3, 4}};
  outcome<float> grid =
      run_grid(s, erased_source<float>(contiguous(k.slice(0, extra, n), v.slice(0, extra, n))), any_neighborhood(m));
  const outcome<float> others =
      s.run_from(erased_source<float>(contiguous(k.slice(0, 0, extra), v.slice(0, 0, extra))), erased_mask(full{}));
  merge(view(grid.o.data(), n, 6, 12), view(grid.lse.data(), n, 6), view(others.o.data(), n, 6, 12),
        view(others.lse.data(), n, 6));
  m.first = extra;
  expect_within(s, grid, s.exact(m));
}

// ---- invariants of whole calls: the wanted key sets are written out here, or are those of another problem
// ------------

struct window_blocks { // windows of 6 at a stride of 6 on 26 keys: the last block is moved inside
  [[nodiscard]] bool allows(cell at) const { return at.q < 24 ? at.q / 6 == at.k / 6 : at.k >= 20; }
};
TEST(neighborhood_invariants, a_call_with_a_stride_of_the_window_attends_to_blocks) {
  const sample<float> s = grid_sample(7, 26, 2, 2);
  expect_within(s, run_grid(s, neighborhood<1>{.grid = 26, .window = 6, .stride = 6}), s.exact(window_blocks{}));
}
struct folded_lines { // lines of 4 that are seen whole; of the 9 lines the three around
  [[nodiscard]] bool allows(cell at) const {
    const index_t first = std::min<index_t>(std::max<index_t>(at.q / 4 - 1, 0), 6), line = at.k / 4;
    return line >= first && line < first + 3;
  }
};
TEST(neighborhood_invariants, a_call_that_sees_an_axis_whole_attends_to_whole_lines) {
  const sample<float> s = grid_sample(8, 36, 2, 2);
  expect_within(s, run_grid(s, neighborhood<2>{.grid = {9, 4}, .window = {3, 4}}), s.exact(folded_lines{}));
}
/// Row i of the answer is row from(i) of x.
std::vector<float> reordered(const std::vector<float>& x, index_t rows, const auto& from) {
  const index_t width = static_cast<index_t>(x.size()) / rows;
  std::vector<float> y;
  for (index_t i = 0; i < rows; ++i) y.insert(y.end(), x.begin() + from(i) * width, x.begin() + (from(i) + 1) * width);
  return y;
}
sample<float> reordered(const sample<float>& s, const auto& from) {
  sample<float> moved = s;
  moved.q = reordered(s.q, s.tokens(), from);
  moved.k = reordered(s.k, s.tokens(), from);
  moved.v = reordered(s.v, s.tokens(), from);
  return moved;
}
TEST(neighborhood_invariants, a_call_on_a_moved_picture_gives_the_moved_answer) {
  const neighborhood<2> m{.grid = {12, 13}, .window = {4, 5}};
  const sample<float> s = grid_sample(9, 156);
  const outcome<float> got = run_grid(reordered(s, [](index_t i) { return (i + 156 - 14) % 156; }), m);
  const auto back = [](index_t i) { return (i + 14) % 156; };
  std::vector<index_t> inner; // rows whose window touches no border, before and after
  for (index_t y = 2; y < 9; ++y)
    for (index_t x = 2; x < 9; ++x) inner.push_back(y * 13 + x);
  expect_rows_within(s, s.kv(), m, {reordered(got.o, 156, back), reordered(got.lse, 156, back)}, inner);
}
TEST(neighborhood_invariants, a_call_on_a_reversed_axis_gives_the_reversed_answer_where_windows_are_odd) {
  const sample<float> s = grid_sample(10, 37);
  const auto mirror = [](index_t i) { return 36 - i; };
  for (const index_t window : {5, 4}) {
    const neighborhood<1> m{.grid = 37, .window = window};
    const outcome<float> got = run_grid(reordered(s, mirror), m);
    const outcome<float> back{reordered(got.o, 37, mirror), reordered(got.lse, 37, mirror)};
    if (window == 5) {
      expect_within(s, back, s.exact(m));
    } else {
      const reference::result want = s.exact(m);
      double furthest = 0;
      for (std::size_t i = 0; i < want.lse.size(); ++i)
        furthest = std::fmax(furthest, std::fabs(static_cast<double>(back.lse[i]) - want.lse[i]));
      EXPECT_GT(furthest, 0.01) << "an even window has one more key on the left";
    }
  }
}

// ---- invariants of the mask itself; the kernels' answers follow --------------------------------------------------

bool sees(const auto& m, index_t q, index_t k) { return m.allows({0, 0, q, k, q, k}); }

TEST(neighborhood_invariants, a_stride_of_the_window_makes_blocks) {
  const neighborhood<1> m{.grid = 24, .window = 6, .stride = 6};
  for (index_t q = 0; q < 24; ++q)
    for (index_t k = 0; k < 24; ++k) EXPECT_EQ(sees(m, q, k), q / 6 == k / 6);
}
TEST(neighborhood_invariants, an_axis_that_is_seen_whole_can_be_folded) {
  const neighborhood<2> m{.grid = {9, 4}, .window = {3, 4}};
  const neighborhood<1> folded{.grid = 9, .window = 3};
  for (index_t q = 0; q < 36; ++q)
    for (index_t k = 0; k < 36; ++k) EXPECT_EQ(sees(m, q, k), sees(folded, q / 4, k / 4));
}
TEST(neighborhood_invariants, inner_windows_move_with_their_query) {
  const neighborhood<2> m{.grid = {12, 13}, .window = {4, 5}};
  for (index_t y = 2; y < 8; ++y)
    for (index_t x = 2; x < 8; ++x)
      for (index_t k = 0; k + 14 < 12 * 13; ++k) {
        if (k % 13 == 12) continue; // the key would leave its line
        EXPECT_EQ(sees(m, y * 13 + x, k), sees(m, (y + 1) * 13 + x + 1, k + 14));
      }
}
TEST(neighborhood_invariants, odd_windows_can_be_reversed_and_even_ones_cannot) {
  const auto symmetric = [](const neighborhood<1>& m) {
    const index_t n = m.grid[0];
    bool same = true;
    for (index_t q = 0; q < n; ++q)
      for (index_t k = 0; k < n; ++k) same = same && sees(m, q, k) == sees(m, n - 1 - q, n - 1 - k);
    return same;
  };
  EXPECT_TRUE(symmetric({.grid = 17, .window = 5}));
  EXPECT_FALSE(symmetric({.grid = 17, .window = 4}));
}
} // namespace
} // namespace heed::test
