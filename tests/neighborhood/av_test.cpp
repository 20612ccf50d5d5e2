// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/neighborhood/av.hpp>

#include "unfused.hpp"

#include <support/allocation_scope.hpp>

namespace heed::test {
namespace {

/// Sums of weights times values in double; places without a key hold NaN, which must not matter.
template <int Rank, class T, class TO = T, class Call>
void expect_sums(const sample<T>& s, const neighborhood<Rank>& m, const Call& call) {
  using A = accum_t<T>;
  const window_index<Rank> index(m);
  const index_t heads = s.q_heads();
  random gen(9);
  std::vector<A> w = gen.numbers<A>(s.tokens() * heads * index.size());
  std::vector<char> used(w.size());
  const auto each_cell = [&](const auto& visit) {
    for (std::size_t seq = 0; seq + 1 < s.offsets.size(); ++seq)
      for (index_t row = 0; row < s.offsets[seq + 1] - s.offsets[seq]; ++row)
        for (index_t head = 0; head < heads; ++head)
          for (index_t k = 0; k < s.key_offsets[seq + 1] - s.key_offsets[seq]; ++k) {
            const cell at{static_cast<index_t>(seq), head, m.first + row, k, row, k};
            if (m.allows(at))
              visit((s.offsets[seq] + row) * heads + head, s.key_offsets[seq] + k,
                    place(((s.offsets[seq] + row) * heads + head) * index.size() + index(at.seq, at.q, k)));
          }
  };
  each_cell([&](index_t, index_t, std::size_t i) { used[i] = 1; });
  for (std::size_t i = 0; i < w.size(); ++i)
    if (used[i] == 0) w[i] = std::numeric_limits<A>::quiet_NaN();
  std::vector<double> sum(place(s.tokens() * heads * s.value_dim)), size(sum.size()), count(place(s.tokens() * heads));
  each_cell([&](index_t row, index_t key, std::size_t i) {
    count[place(row)] += 1;
    for (index_t d = 0; d < s.value_dim; ++d) {
      const double x =
          static_cast<double>(w[i]) *
          static_cast<double>(widen(s.v[place((key * s.kv_heads + row % heads / s.group) * s.value_dim + d)]));
      sum[place(row * s.value_dim + d)] += x;
      size[place(row * s.value_dim + d)] += std::fabs(x);
    }
  });
  const std::vector<TO> o = call(view(w.data(), s.tokens(), heads, index.size()));
  margin worst;
  for (std::size_t i = 0; i < o.size(); ++i) {
    const row_facts facts{count[i / place(s.value_dim)], static_cast<double>(s.key_dim), 0};
    ASSERT_TRUE(worst.add(static_cast<double>(widen(o[i])), sum[i], (output_bound<A, TO>(facts, size[i], sum[i]))))
        << i << ": " << static_cast<double>(widen(o[i])) << ", exact " << sum[i];
  }
}
template <class T, int Rank> auto through_ragged(const sample<T>& s, const neighborhood<Rank>& m) {
  return [&](const auto& weights) {
    std::vector<T> o(place(s.tokens() * s.q_heads() * s.value_dim));
    sequential one;
    neighborhood_av(one, weights, s.kv(), ragged(view(o.data(), s.tokens(), s.q_heads(), s.value_dim), s.offsets), m);
    return o;
  };
}

TEST(neighborhood_av, weights_times_values) {
  for (const neighborhood<2>& m : planes()) {
    const sample<float> s = sample_of<2, float>(m, 1);
    expect_sums(s, m, through_ragged(s, m));
  }
}
TEST(neighborhood_av, samples_of_unequal_size_and_clamped_windows) {
  const std::vector<int> grids{7, 9, 3, 20, 2, 2};
  const neighborhood<2> m{.window = {4, 3}, .fit = window_fit::clamp, .grids = grids};
  const sample<float> s(2, {63, 60, 4}, {63, 60, 4}, 1, 2, 8, 12);
  expect_sums(s, m, through_ragged(s, m));
}
TEST(neighborhood_av, three_axes_and_a_16_bit_cache) {
  const neighborhood<3> m{
      .grid = {4, 5, 6}, .window = {3, 2, 3}, .dilation = {1, 2, 1}, .causal = {true, false, false}};
  const sample<bf16> s = sample_of<3, bf16>(m, 3, 1, 2);
  expect_sums(s, m, through_ragged(s, m));
}

TEST(neighborhood_av, refuses_weights_that_do_not_fit) {
  const neighborhood<2> m{.grid = {9, 14}, .window = {4, 5}};
  const sample<float> s = sample_of<2, float>(m, 1);
  std::vector<float> w(place(126 * 4 * 20)), o(place(126 * 4 * 12), 9.f);
  sequential one;
  const auto said = [&](const tensor_view<float, 3>& weights, const neighborhood<2>& mask) {
    return refused([&] { neighborhood_av(one, weights, s.kv(), ragged(view(o.data(), 126, 4, 12), s.offsets), mask); });
  };
  EXPECT_EQ(said(view(w.data(), 126, 4, 19), m),
            "neighborhood_av: extent[2] is 19, extra tokens and keys of a window are 20");
  EXPECT_EQ(said(view(w.data(), 125, 4, 20), m),
            "neighborhood_av: extent[0] is 125, but the positions of the grids are 126");
  EXPECT_EQ(said(view(o.data(), 126, 4, 20), m), "o: buffers shared with weights is 1, the limit is 0");
  EXPECT_EQ(said(view(w.data(), 126, 4, 20), neighborhood<2>{.grid = {9, 14}, .window = {4, 15}}),
            "neighborhood: window[1] is 15, the grid over the dilation is 14");
  {
    const no_memory_scope out;
    EXPECT_EQ(said(view(w.data(), 126, 4, 20), m), "neighborhood_av: bytes is 2240, the bytes allocated are 0");
  }
  for (const float x : o) ASSERT_EQ(x, 9.f) << "nothing was written";
}
} // namespace
} // namespace heed::test
