// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The shapes that NATTEN tests its kernels on, each with every combination of causal axes, against the definition.
#include "grid_calls.hpp"

namespace heed::test {
namespace {

template <int Rank> struct shape { per_axis<Rank> grid, window, stride, dilation; };

/// Small grids: all rows; large ones: rows at the ends and in between. Value dims are drawn, multiples of 8 up to
/// `most`.
template <class T, int Rank> void expect_causality(const shape<Rank>& x, int bits, index_t key_dim, index_t most) {
  neighborhood<Rank> m{.grid = x.grid, .window = x.window, .stride = x.stride, .dilation = x.dilation};
  for (int a = 0; a < Rank; ++a) m.causal[a] = (bits >> a & 1) != 0;
  const index_t n = x.grid.product();
  const auto seed = static_cast<std::uint64_t>(n * 8 + bits);
  const index_t value_dim = 8 * (1 + random(seed).integer(0, most / 8 - 1));
  const sample<T> s = grid_sample<T>(seed, n, 1, 1, key_dim, value_dim);
  SCOPED_TRACE(testing::Message() << "grid of " << n << ", causal " << bits << ", value dim " << value_dim);
  expect_rows_within(s, s.kv(), m, run_grid(s, m), spread_rows(n, n > 2000 ? 24 : 150));
}
/// Every combination in float; in 16 bits one that is causal nowhere and one that is on the first axis.
template <int Rank> void expect_every_causality(const shape<Rank>& x, index_t key_dim = 8, index_t most = 192) {
  for (int bits = 0; bits < 1 << Rank; ++bits) expect_causality<float>(x, bits, key_dim, most);
  for (int bits = 0; bits < 2; ++bits) {
    expect_causality<bf16>(x, bits, key_dim, most);
    expect_causality<f16>(x, bits, key_dim, most);
  }
}

TEST(neighborhood_shapes, one_axis) {
  for (const shape<1>& x :
       {shape<1>{256, 255, 82, 1}, {128, 63, 31, 1}, {128, 3, 2, 5}, {128, 8, 7, 5}, {125, 15, 1, 1}, {97, 2, 1, 48}})
    expect_every_causality(x);
}
TEST(neighborhood_shapes, one_long_axis) {
  for (const index_t stride : {2048, 256, 128, 1}) expect_every_causality(shape<1>{32768, 2048, stride, 1}, 2, 8);
}
TEST(neighborhood_shapes, two_axes) {
  for (const shape<2>& x : {shape<2>{{5, 25}, {5, 16}, {1, 16}, {1, 1}},
                            {{84, 19}, {7, 3}, {1, 1}, {5, 1}},
                            {{19, 29}, {8, 8}, {1, 1}, {2, 3}},
                            {{67, 80}, {12, 7}, {8, 4}, {5, 11}},
                            {{44, 80}, {44, 80}, {4, 8}, {1, 1}}})
    expect_every_causality(x);
}
TEST(neighborhood_shapes, three_axes) {
  for (const shape<3>& x : {shape<3>{{32, 10, 10}, {7, 3, 3}, {5, 1, 1}, {1, 2, 3}},
                            {{13, 11, 9}, {3, 4, 3}, {2, 3, 3}, {3, 2, 2}},
                            {{18, 37, 12}, {14, 16, 12}, {12, 8, 1}, {1, 2, 1}}})
    expect_every_causality(x, 4);
}
} // namespace
} // namespace heed::test
