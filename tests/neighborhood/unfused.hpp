// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Neighborhoods for the tests of the unfused pair, and a call's error text.
#include "grid_calls.hpp"

#include <heed/neighborhood/window_index.hpp>

#include <string>

namespace heed::test {

/// Even and odd windows, strides, dilation, causal axes, extra tokens.
inline std::vector<neighborhood<2>> planes() {
  return {{.grid = {9, 14}, .window = {4, 5}},
          {.grid = {9, 14}, .window = {3, 4}, .stride = {1, 4}, .dilation = {2, 1}, .first = 7},
          {.grid = {20, 13}, .window = {5, 6}, .causal = {true, false}}};
}
template <int Rank, class T>
sample<T> sample_of(const neighborhood<Rank>& m, std::uint64_t seed, index_t kv_heads = 2, index_t group = 2) {
  const index_t n = m.grid.product();
  return sample<T>(seed, {n}, {m.first + n}, kv_heads, group, 8, 12);
}
template <class F> std::string refused(const F& call) {
  try {
    call();
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

} // namespace heed::test
