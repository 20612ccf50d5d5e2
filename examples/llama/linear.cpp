// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "linear.hpp"

#include <Eigen/Core>

#include <algorithm>

namespace llama {
namespace {

using matrix = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using column = Eigen::Map<const Eigen::VectorXf>;
using result = Eigen::Map<Eigen::VectorXf>;

/// Rows whose weights fill most of a first-level cache of 32 KiB; a multiple of 8, which Eigen takes at once.
index_t rows_of_block(index_t inputs) noexcept {
  constexpr index_t floats = 6144;
  return std::clamp<index_t>(floats / inputs / 8 * 8, 8, 64);
}
constexpr index_t tokens_of_group = 32;

/// multiply(weights, x, y) for each pair of a row block and a token.
template <class Multiply>
void for_each_block(heed::thread_pool& pool, const linear& w, const float* x, index_t tokens, float* y,
                    Multiply&& multiply) {
  const index_t in = w.inputs(), out = w.outputs(), step = rows_of_block(in);
  const index_t blocks = (out + step - 1) / step, groups = (tokens + tokens_of_group - 1) / tokens_of_group;
  const double work = static_cast<double>(in) * static_cast<double>(out) * static_cast<double>(tokens);
  for_each_item(pool, blocks * groups, work, [&](index_t i) {
    const index_t first = i % blocks * step, rows = std::min(step, out - first);
    const index_t begin = i / blocks * tokens_of_group, end = std::min(begin + tokens_of_group, tokens);
    const matrix block(w.row(first), rows, in);
    for (index_t t = begin; t < end; ++t) multiply(block, column(x + t * in, in), result(y + t * out + first, rows));
  });
}

} // namespace

linear::linear(const tensor_info& tensor)
    : weights_(static_cast<std::size_t>(tensor.rows * tensor.cols)), inputs_(tensor.cols), outputs_(tensor.rows) {
  dequantise(tensor, 0, tensor.rows, weights_.data());
}

void linear::apply(heed::thread_pool& pool, const float* x, index_t tokens, float* y) const {
  for_each_block(pool, *this, x, tokens, y,
                 [](const matrix& w, const column& from, result to) { to.noalias() = w * from; });
}

void linear::add(heed::thread_pool& pool, const float* x, index_t tokens, float* y) const {
  for_each_block(pool, *this, x, tokens, y,
                 [](const matrix& w, const column& from, result to) { to.noalias() += w * from; });
}

} // namespace llama
