// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The kernels that the tests of this room call, compiled once; every element type, grouped heads and unequal dims.
#include "grid_calls.hpp"

#include <heed/exec/thread_pool.hpp>

namespace heed::test {

template <class T>
void grid_call<T>::attend(const erased_executor& executor, const ragged_view<const T>& q, const erased_source<T>& kv,
                          const ragged_view<T>& o, const any_neighborhood& m, const mutable_lse& lse,
                          const scale& factor) {
  heed::attend(executor, q, kv, o, m, heed::lse(lse), factor);
}
template struct grid_call<float>;
template struct grid_call<double>;
template struct grid_call<bf16>;
template struct grid_call<f16>;

namespace {
template <class T> class neighborhood_calls : public testing::Test {};
using elements_tested = testing::Types<float, double, bf16, f16>;
TYPED_TEST_SUITE(neighborhood_calls, elements_tested);

TYPED_TEST(neighborhood_calls, any_heads_and_dims_are_within_their_bounds) {
  const neighborhood<2> m{.grid = {9, 14}, .window = {4, 5}, .stride = {1, 2}, .causal = {true, false}};
  struct heads {
    index_t kv_heads, group, key_dim, value_dim;
  };
  for (const heads h : {heads{1, 1, 33, 7}, {2, 4, 8, 20}, {1, 7, 5, 1}, {1, 60, 2, 3}}) {
    const sample<TypeParam> s = grid_sample<TypeParam>(7, 126, h.kv_heads, h.group, h.key_dim, h.value_dim);
    expect_within(s, run_grid(s, m), s.exact(m));
  }
}

TEST(neighborhood_calls, heads_first_gives_the_bits_of_heads_last) {
  const neighborhood<2> m{.grid = {9, 14}, .window = {4, 5}};
  const index_t n = 126, dk = 8, dv = 12;
  const sample<float> s = grid_sample(3, n, 2, 3, dk, dv);
  const outcome<float> want = run_grid(s, m);
  const auto heads_first = [n](const std::vector<float>& x, index_t heads, index_t dim) {
    std::vector<float> y(x.size());
    for (index_t t = 0; t < n; ++t)
      for (index_t h = 0; h < heads; ++h)
        for (index_t d = 0; d < dim; ++d) y[place((h * n + t) * dim + d)] = x[place((t * heads + h) * dim + d)];
    return y;
  };
  const auto q = heads_first(s.q, 6, dk), k = heads_first(s.k, 2, dk), v = heads_first(s.v, 2, dv);
  std::vector<float> o(q.size() / place(dk) * place(dv)), lse(place(6 * n));
  sequential one;
  grid_call<float>::attend(erased_executor(one), ragged(view(q.data(), 6, n, dk).swapped(0, 1), s.offsets),
                           erased_source<float>(contiguous(view(k.data(), 2, n, dk).swapped(0, 1),
                                                           view(v.data(), 2, n, dv).swapped(0, 1), s.offsets)),
                           ragged(view(o.data(), 6, n, dv).swapped(0, 1), s.offsets), any_neighborhood(m),
                           view(lse.data(), n, 6), {s.call.scale});
  EXPECT_TRUE(same_bits(o, heads_first(want.o, 6, dv)));
  EXPECT_TRUE(same_bits(lse, want.lse));
}
TEST(neighborhood_calls, samples_of_unequal_size_are_packed_and_keep_the_bits_that_they_have_alone) {
  const std::vector<int> grids{7, 9, 20, 31, 4, 5, 12, 12};
  const neighborhood<2> packed{.window = {3, 5}, .stride = {1, 2}, .grids = grids};
  const std::vector<index_t> sizes{63, 620, 20, 144};
  const sample<float> s(5, sizes, sizes, 2, 2, 8, 12);
  const outcome<float> got = run_grid(s, packed);
  expect_within(s, got, s.exact(packed));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    neighborhood<2> own = packed;
    own.grids = {};
    own.grid = {grids[2 * i], grids[2 * i + 1]};
    sample<float> one = s;
    one.q = cut(s.q, s.offsets[i], sizes[i], 4 * 8);
    one.k = cut(s.k, s.offsets[i], sizes[i], 2 * 8);
    one.v = cut(s.v, s.offsets[i], sizes[i], 2 * 12);
    one.offsets = one.key_offsets = {0, sizes[i]};
    const outcome<float> alone = run_grid(one, own);
    EXPECT_TRUE(same_bits(alone.o, cut(got.o, s.offsets[i], sizes[i], 4 * 12))) << "sample " << i;
    EXPECT_TRUE(same_bits(alone.lse, cut(got.lse, s.offsets[i], sizes[i], 4))) << "sample " << i;
  }
}
TEST(neighborhood_calls, any_worker_count_gives_the_same_bits) {
  const neighborhood<3> m{.grid = {5, 9, 14}, .window = {3, 4, 5}, .dilation = {1, 2, 1}};
  const sample<float> s = grid_sample(4, 630, 2, 1, 32, 32);
  const outcome<float> want = run_grid(s, m);
  for (const index_t workers : {2, 3}) {
    thread_pool pool{workers};
    std::vector<float> o(want.o.size()), lse(want.lse.size());
    grid_call<float>::attend(erased_executor(pool), ragged(s.queries(), s.offsets), erased_source<float>(s.kv()),
                             ragged(view(o.data(), 630, 2, 32), s.offsets), any_neighborhood(m),
                             view(lse.data(), 630, 2), {s.call.scale});
    EXPECT_TRUE(same_bits(o, want.o) && same_bits(lse, want.lse)) << workers;
  }
}
TEST(neighborhood_calls, a_scale_of_zero_is_zero) {
  const neighborhood<2> m{.grid = {9, 14}, .window = {4, 5}, .stride = {1, 2}};
  sample<float> s = grid_sample(8, 126, 1, 2);
  s.call.scale = 0;
  const outcome<float> got = run_grid(s, m);
  expect_within(s, got, s.exact(m));
  margin logs;
  for (const float x : got.lse)
    EXPECT_TRUE(logs.add(static_cast<double>(x), std::log(20.), lse_bound<float>({20, 8, 0}))) << "all keys alike";
}
TEST(neighborhood_calls, a_few_rows_of_a_causal_grid_take_the_bits_of_decode) {
  // An image that is made row by row: the last rows of the part that there is.
  const neighborhood<2> m{.grid = {8, 9}, .window = {3, 3}, .causal = {true, true}};
  for (const index_t rows : {1, 3, 30}) {
    const sample<float> s(6, {rows}, {50}, 1, 2, 8, 12);
    expect_within(s, run_grid(s, m), s.exact(m));
  }
}
} // namespace
} // namespace heed::test
