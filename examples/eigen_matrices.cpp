// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Eigen matrices in and out: projections of all heads side by side, without a copy.
#include <heed/heed.hpp>
#include <heed/interop/eigen.hpp>

#include "plain_loop.hpp"

int main() {
  const heed::index_t tokens = 90, heads = 4, dim = 32;
  // [readme]
  using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const matrix x = matrix::Random(tokens, 64), wq = matrix::Random(64, heads * dim), wk = matrix::Random(64, dim),
               wv = matrix::Random(64, dim) / 64;
  const matrix q = x * wq, k = x * wk, v = x * wv; // four query heads, one key-value head
  matrix o(tokens, heads * dim);

  heed::thread_pool pool{2};
  heed::attend(pool, heed::view_of(q, heads), heed::contiguous(heed::view_of(k, 1), heed::view_of(v, 1)),
               heed::view_of(o, heads), heed::causal{}, heed::scale{0.01});
  const matrix first_head = heed::as_eigen(heed::view_of(o, heads), 0); // [tokens][dim] of one head
  // [readme]
  double worst = 0;
  for (heed::index_t t = 0; t < tokens; ++t)
    for (heed::index_t h = 0; h < heads; ++h) {
      const auto row = plain::attend(
          q.data() + (t * heads + h) * dim, dim, dim, t + 1, [&](heed::index_t j) { return k.data() + j * dim; },
          [&](heed::index_t j) { return v.data() + j * dim; },
          [&](double score, heed::index_t) { return score * std::sqrt(static_cast<double>(dim)) * 0.01; });
      worst = plain::furthest(worst, row, h == 0 ? first_head.data() + t * dim : o.data() + (t * heads + h) * dim);
    }
  return plain::verdict("eigen_matrices", worst);
}
