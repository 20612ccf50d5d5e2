// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Random neighborhoods on random grids against the definition: every parameter drawn with the others.
#include "grid_calls.hpp"

namespace heed::test {
namespace {

/// One axis; exact: within the rules, 2 <= window and window x dilation <= grid. Clamped: anything.
template <int Rank> void draw_axis(random& gen, neighborhood<Rank>& m, int axis, index_t longest) {
  if (m.fit == window_fit::exact) {
    const index_t n = gen.integer(2, longest), d = gen.chance(2) ? 1 : gen.integer(1, lesser(n / 2, 4));
    m.grid[axis] = n;
    m.dilation[axis] = d;
    m.window[axis] = gen.chance(5) ? n / d : gen.integer(2, n / d);
  } else {
    m.grid[axis] = gen.integer(1, longest);
    m.dilation[axis] = gen.integer(1, 5);
    m.window[axis] = gen.integer(2, longest + 5);
  }
  m.stride[axis] = gen.chance(2) ? 1 : gen.integer(1, m.window[axis]);
  m.causal[axis] = gen.chance(3);
}

template <int Rank> void expect_drawn(std::uint64_t seed, int cases, index_t longest) {
  random gen(seed);
  for (int i = 0; i < cases; ++i) {
    neighborhood<Rank> m;
    m.fit = gen.chance(4) ? window_fit::clamp : window_fit::exact;
    for (int a = 0; a < Rank; ++a) draw_axis(gen, m, a, longest);
    m.first = gen.chance(3) ? gen.integer(1, 9) : 0; // tokens that all see and that see all
    const index_t n = m.grid.product() + m.first;
    const sample<float> s = grid_sample(gen.bits(), n, gen.integer(1, 2), gen.one_of(std::vector<index_t>{1, 2, 7}),
                                        gen.integer(1, 40), gen.integer(1, 40));
    std::string text = std::to_string(i);
    for (int a = 0; a < Rank; ++a)
      text += ", grid " + std::to_string(m.grid[a]) + " window " + std::to_string(m.window[a]) + " stride " +
              std::to_string(m.stride[a]) + " dilation " + std::to_string(m.dilation[a]) +
              (m.causal[a] ? " causal" : "");
    SCOPED_TRACE("seed " + std::to_string(seed) + ", case " + text + ", first " + std::to_string(m.first));
    expect_rows_within(s, s.kv(), m, run_grid(s, m), spread_rows(n, 60));
    if (testing::Test::HasFailure()) return;
  }
}

TEST(neighborhood_drawn_calls, one_axis) { expect_drawn<1>(announced_seed("one axis", 31), 120, 700); }
TEST(neighborhood_drawn_calls, two_axes) { expect_drawn<2>(announced_seed("two axes", 32), 80, 34); }
TEST(neighborhood_drawn_calls, three_axes) { expect_drawn<3>(announced_seed("three axes", 33), 60, 13); }

} // namespace
} // namespace heed::test
