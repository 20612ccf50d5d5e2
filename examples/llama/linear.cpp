// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "linear.hpp"

#include <Eigen/Core>

#include <algorithm>

namespace llama {
namespace {

// The sums of a block's rows for some tokens have to fit the vector registers: 16 of 32 with AVX-512, 8 of 16 else.
#if defined(EIGEN_VECTORIZE_AVX512)
constexpr int block_rows = 64, tokens_at_once = 4;
#else
constexpr int block_rows = 32, tokens_at_once = 2;
#endif
constexpr index_t tokens_of_task = 32;

using sums = Eigen::Array<float, block_rows, 1>;
using some_rows = Eigen::Map<Eigen::ArrayXf>;

/// to(token, sums) for some tokens: every sum runs over the inputs in their order, so that its bits are the same for
/// any count of tokens.
template <int Tokens, class To> void multiply(const float* block, index_t inputs, const float* x, To&& to) {
  sums y[Tokens];
  for (sums& s : y) s.setZero();
  for (index_t i = 0; i < inputs; ++i) {
    const Eigen::Map<const sums> column(block + i * block_rows);
    for (int t = 0; t < Tokens; ++t) y[t] += column * x[t * inputs + i];
  }
  for (int t = 0; t < Tokens; ++t) to(t, y[t]);
}

/// store(outputs, sums) for each block and token.
template <class Store>
void for_each_block(heed::thread_pool& pool, const float* weights, index_t inputs, index_t outputs, const float* x,
                    index_t tokens, float* y, Store&& store) {
  const index_t blocks = (outputs + block_rows - 1) / block_rows;
  const index_t groups = (tokens + tokens_of_task - 1) / tokens_of_task;
  const double work = static_cast<double>(inputs) * static_cast<double>(outputs) * static_cast<double>(tokens);
  for_each_item(pool, blocks * groups, work, [&](index_t task) {
    const index_t first = task % blocks * block_rows, rows = std::min<index_t>(block_rows, outputs - first);
    const index_t end = std::min((task / blocks + 1) * tokens_of_task, tokens);
    const float* block = weights + first * inputs;
    index_t t = task / blocks * tokens_of_task;
    const auto to = [&](int i, const sums& s) { store(some_rows(y + (t + i) * outputs + first, rows), s.head(rows)); };
    for (; t + tokens_at_once <= end; t += tokens_at_once) multiply<tokens_at_once>(block, inputs, x + t * inputs, to);
    for (; t < end; ++t) multiply<1>(block, inputs, x + t * inputs, to);
  });
}

} // namespace

linear::linear(const tensor_info& tensor) : inputs_(tensor.cols), outputs_(tensor.rows) {
  const index_t blocks = (outputs_ + block_rows - 1) / block_rows;
  weights_.resize(static_cast<std::size_t>(blocks * block_rows * inputs_));
  std::vector<float> row(static_cast<std::size_t>(inputs_));
  for (index_t r = 0; r < outputs_; ++r) {
    dequantise(tensor, r, 1, row.data());
    float* to = weights_.data() + r / block_rows * block_rows * inputs_ + r % block_rows;
    for (index_t i = 0; i < inputs_; ++i) to[i * block_rows] = row[static_cast<std::size_t>(i)];
  }
}

void linear::copy_row(index_t i, float* out) const noexcept {
  const float* from = weights_.data() + i / block_rows * block_rows * inputs_ + i % block_rows;
  for (index_t k = 0; k < inputs_; ++k) out[k] = from[k * block_rows];
}

void linear::apply(heed::thread_pool& pool, const float* x, index_t tokens, float* y) const {
  for_each_block(pool, weights_.data(), inputs_, outputs_, x, tokens, y,
                 [](some_rows to, const auto& sum) { to = sum; });
}

void linear::add(heed::thread_pool& pool, const float* x, index_t tokens, float* y) const {
  for_each_block(pool, weights_.data(), inputs_, outputs_, x, tokens, y,
                 [](some_rows to, const auto& sum) { to += sum; });
}

} // namespace llama
