// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Cells and scores for the tests of modifiers, and their laws for float and double vectors.
#include <heed/simd/math.hpp>
#include <heed/testing/score_laws.hpp>

#include "support/random.hpp"

#include <gtest/gtest.h>

namespace heed::test {

/// Limits of the cells that are drawn.
struct cell_limits {
  index_t sequences = 2, heads = 7, rows = 33, first_q = 60, keys = 90;
};

/// Cells as the kernels order them: rows and heads in lanes for one key, then keys in lanes for one row and head.
inline std::vector<cell> kernel_cells(cell_limits l) {
  std::vector<cell> list;
  for (index_t seq = 0; seq < l.sequences; ++seq) {
    for (const index_t k : {index_t{0}, l.keys / 2, l.keys - 1})
      for (index_t row = 0; row < l.rows; ++row)
        for (index_t head = 0; head < l.heads; ++head)
          list.push_back({seq, head, l.first_q + row, k, row, l.keys - 1 - k});
    for (const index_t head : {index_t{0}, l.heads - 1})
      for (index_t k = 0; k < l.keys; ++k) list.push_back({seq, head, l.first_q + 1, k, 1, l.keys - 1 - k});
  }
  return list;
}

/// Scores of every size that attention meets, zero and -inf too.
template <class A> std::vector<A> many_scores(std::size_t n, std::uint64_t seed) {
  random r(seed);
  std::vector<A> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double scale = i % 4 == 0 ? 1e-3 : i % 4 == 1 ? 1. : i % 4 == 2 ? 40. : 1e4;
    x[i] = static_cast<A>(static_cast<float>(scale * static_cast<double>(r.normal())));
  }
  if (n > 2) {
    x[1] = 0;
    x[2] = -std::numeric_limits<A>::infinity();
  }
  return x;
}

/// between(x, cell): the largest magnitude between x and the result.
template <class B, class S, class Between>
void expect_laws(const S& mod, const std::vector<cell>& at, const Between& between) {
  using A = typename B::value_type;
  const std::vector<A> x = many_scores<A>(at.size(), 7);
  std::vector<double> terms(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) terms[i] = between(static_cast<double>(x[i]), at[i]);
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, static_cast<std::size_t>(B::lanes) + 1, at.size()}) {
    const auto r = testing::check_score<B>(mod, std::span<const cell>(at).first(n), std::span<const A>(x).first(n),
                                           std::span<const double>(terms).first(n));
    EXPECT_FALSE(r) << r.broken << ": cell " << r.index << ", q " << at[static_cast<std::size_t>(r.index)].q << ", k "
                    << at[static_cast<std::size_t>(r.index)].k << ", x " << x[static_cast<std::size_t>(r.index)]
                    << ", got " << r.value << ", expected " << r.expected << " +- " << r.allowed;
  }
}

/// The laws with float and double vectors.
template <class S, class Between> void expect_laws(const S& mod, cell_limits l, const Between& between) {
  static_assert(score_mod<S, float> && score_mod<S, double>);
  static_assert(batched_score_mod<S, simd::batch<float>> && batched_score_mod<S, simd::batch<double>>);
  expect_laws<simd::batch<float>>(mod, kernel_cells(l), between);
  expect_laws<simd::batch<double>>(mod, kernel_cells(l), between);
}

template <class S> void expect_laws(const S& mod, cell_limits l = {}) {
  expect_laws(mod, l, [](double, const cell&) { return 0.; });
}

/// A call of `sequences` sequences with `rows` rows each; every sequence has `seen` tokens and as many slots.
inline call_extents extents(index_t sequences, index_t rows, index_t q_heads, index_t kv_heads, const index_t* seen) {
  call_extents e;
  e.sequences = sequences;
  e.tokens = sequences * rows;
  e.rows_each = rows;
  e.q_heads = q_heads;
  e.kv_heads = kv_heads;
  e.source = seen;
  e.seen_of = [](const void* source, index_t) noexcept { return *static_cast<const index_t*>(source); };
  e.slots_of = [](const void* source, index_t, index_t) noexcept { return *static_cast<const index_t*>(source); };
  return e;
}

} // namespace heed::test
