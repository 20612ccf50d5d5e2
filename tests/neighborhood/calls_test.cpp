// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The kernels that the tests of this room call, compiled once; every element type, grouped heads and unequal dims.
#include "grid_calls.hpp"

namespace heed::test {

outcome<float> run_grid(const sample<float>& s, const erased_source<float>& kv, const any_neighborhood& m) {
  return s.run_from(kv, m);
}
outcome<double> run_grid(const sample<double>& s, const erased_source<double>& kv, const any_neighborhood& m) {
  return s.run_from(kv, m);
}
outcome<bf16> run_grid(const sample<bf16>& s, const erased_source<bf16>& kv, const any_neighborhood& m) {
  return s.run_from(kv, m);
}
outcome<f16> run_grid(const sample<f16>& s, const erased_source<f16>& kv, const any_neighborhood& m) {
  return s.run_from(kv, m);
}

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
} // namespace
} // namespace heed::test
