// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/exec/thread_pool.hpp>
#include <heed/neighborhood/qk.hpp>
#include <heed/score/neighborhood_bias.hpp>

#include "unfused.hpp"

#include <support/allocation_counter.hpp>

namespace heed::test {
namespace {

/// The score of a cell in double, and the size of its terms.
template <class T> std::pair<double, double> product(const sample<T>& s, index_t token, index_t head, index_t key) {
  double dot = 0, size = 0;
  for (index_t d = 0; d < s.key_dim; ++d) {
    const double x = static_cast<double>(s.q[place((token * s.q_heads() + head) * s.key_dim + d)]) *
                     static_cast<double>(s.k[place((key * s.kv_heads + head / s.group) * s.key_dim + d)]);
    dot += x;
    size += std::fabs(x);
  }
  return {s.call.scale * dot, s.call.scale * size};
}
/// Every place: the score of its key, or -inf where there is none. Sequences lie one after the other.
template <int Rank, class T, class Bias>
void expect_scores(const sample<T>& s, const neighborhood<Rank>& m, const std::vector<T>& got, const Bias& bias) {
  const window_index<Rank> index(m);
  std::vector<char> filled(got.size());
  for (std::size_t seq = 0; seq + 1 < s.offsets.size(); ++seq) {
    const auto sequence = static_cast<index_t>(seq);
    const index_t rows = s.offsets[seq + 1] - s.offsets[seq], keys = s.key_offsets[seq + 1] - s.key_offsets[seq];
    for (index_t row = 0; row < rows; ++row)
      for (index_t head = 0; head < s.q_heads(); ++head)
        for (index_t k = 0; k < keys; ++k) {
          const index_t q = m.first + row;
          const cell at{sequence, head, q, k, row, k};
          if (!m.allows(at)) continue;
          const auto [score, size] = product(s, s.offsets[seq] + row, head, s.key_offsets[seq] + k);
          const double added = bias(0., at);
          const std::size_t i =
              place(((s.offsets[seq] + row) * s.q_heads() + head) * index.size() + index(sequence, q, k));
          filled[i] = 1;
          ASSERT_NEAR(static_cast<double>(got[i]), score + added,
                      (std::sqrt(static_cast<double>(s.key_dim)) + 4) * (size + std::fabs(added)) * epsilon<T>)
              << "row " << row << ", key " << k;
        }
  }
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(filled[i] != 0 || got[i] == -std::numeric_limits<T>::infinity());
}
const auto no_bias = [](double x, const cell&) { return x; };

TEST(neighborhood_qk, scores_stand_at_the_places_of_the_window) {
  for (const neighborhood<2>& m : planes()) {
    const sample<float> s = sample_of<2, float>(m, 1);
    const index_t n = s.tokens(), places = window_index<2>(m).size();
    std::vector<float> w(place(n * 4 * places), 9.f), again(w.size());
    sequential one;
    neighborhood_qk(one, ragged(s.queries(), s.offsets), s.kv(), view(w.data(), n, 4, places), m);
    expect_scores(s, m, w, no_bias);
    thread_pool pool{3};
    neighborhood_qk(pool, ragged(s.queries(), s.offsets), s.kv(), view(again.data(), n, 4, places), m);
    EXPECT_TRUE(same_bits(w, again));
  }
}
TEST(neighborhood_qk, samples_of_unequal_size_and_clamped_windows) {
  const std::vector<int> grids{7, 9, 3, 20, 5, 2};
  const neighborhood<2> m{.window = {4, 3}, .fit = window_fit::clamp, .grids = grids};
  const sample<float> s(2, {63, 60, 10}, {63, 60, 10}, 1, 2, 8, 12);
  std::vector<float> w(place(133 * 2 * 12));
  sequential one;
  neighborhood_qk(one, ragged(s.queries(), s.offsets), s.kv(), view(w.data(), 133, 2, 12), m);
  expect_scores(s, m, w, no_bias);
}
TEST(neighborhood_qk, three_axes_in_double_with_a_bias_and_heads_first) {
  const neighborhood<3> m{
      .grid = {4, 5, 6}, .window = {3, 2, 3}, .dilation = {1, 1, 2}, .causal = {true, false, false}};
  const sample<double> s = sample_of<3, double>(m, 3, 1, 2);
  random gen(4);
  const auto table = gen.numbers<double>(2 * 5 * 3 * 5);
  const neighborhood_bias bias(m, view(table.data(), 2, 5, 3, 5));
  std::vector<double> w(120 * 2 * 18), heads_last(w.size());
  sequential one;
  neighborhood_qk(one, ragged(s.queries(), s.offsets), s.kv(), view(w.data(), 2, 120, 18).swapped(0, 1), m, bias);
  for (std::size_t h = 0; h < 2; ++h)
    for (std::size_t t = 0; t < 120; ++t)
      for (std::size_t i = 0; i < 18; ++i) heads_last[(t * 2 + h) * 18 + i] = w[(h * 120 + t) * 18 + i];
  expect_scores(s, m, heads_last, bias);
}

TEST(neighborhood_qk, refuses_weights_that_do_not_fit) {
  const neighborhood<2> m{.grid = {9, 14}, .window = {4, 5}};
  const sample<float> s = sample_of<2, float>(m, 1);
  std::vector<float> w(place(126 * 4 * 20) + 1, 9.f);
  sequential one;
  const auto said = [&](const tensor_view<float, 3>& weights) {
    return refused([&] { neighborhood_qk(one, ragged(s.queries(), s.offsets), s.kv(), weights, m); });
  };
  EXPECT_EQ(said(view(w.data(), 126, 4, 19)),
            "neighborhood_qk: extent[2] is 19, extra tokens and keys of a window are 20");
  EXPECT_EQ(said(view(w.data(), 126, 3, 20)), "neighborhood_qk: extent[1] is 3, but the query heads are 4");
  EXPECT_EQ(said(view(w.data(), 125, 4, 20)), "neighborhood_qk: extent[0] is 125, but the query tokens are 126");
  EXPECT_EQ(said(view(const_cast<float*>(s.k.data()), 126, 4, 20)).substr(0, 47),
            "neighborhood_qk: buffers shared with kv is 1, t");
  const sample<float> fewer(1, {100}, {126}, 2, 2, 8, 12);
  EXPECT_EQ(refused([&] {
              neighborhood_qk(one, ragged(fewer.queries(), fewer.offsets), fewer.kv(), view(w.data(), 100, 4, 20), m);
            }),
            "neighborhood_qk: count of query rows[0] is 100, they must be the grid, 126");
  EXPECT_EQ(refused([&] {
              const no_memory_scope out;
              neighborhood_qk(one, ragged(s.queries(), s.offsets), s.kv(), view(w.data(), 126, 4, 20), m);
            }),
            "neighborhood_qk: bytes is 16, the bytes allocated are 0");
  for (const float x : w) ASSERT_EQ(x, 9.f) << "nothing was written";
}
} // namespace
} // namespace heed::test
