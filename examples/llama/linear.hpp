// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Linear layers: y = W x for some tokens, the same bits for a token whoever else is in the batch.
#include "gguf_file.hpp"
#include "parallel.hpp"

namespace llama {

/// A matrix of a file, widened to float.
///
/// Shapes        weights [outputs][inputs]; x [tokens][inputs]; y [tokens][outputs]
/// Determinism   a block of weight rows is multiplied with one token after the other, and where blocks begin depends
///               on the matrix alone: bits depend neither on the token count nor on the thread count
/// Cost          a block stays in the first-level cache for a group of tokens
class linear {
public:
  linear() = default;
  explicit linear(const tensor_info& tensor);

  [[nodiscard]] index_t inputs() const noexcept { return inputs_; }
  [[nodiscard]] index_t outputs() const noexcept { return outputs_; }
  [[nodiscard]] const float* row(index_t i) const noexcept { return weights_.data() + i * inputs_; }

  /// y = W x
  void apply(heed::thread_pool& pool, const float* x, index_t tokens, float* y) const;
  /// y += W x
  void add(heed::thread_pool& pool, const float* x, index_t tokens, float* y) const;

private:
  std::vector<float> weights_;
  index_t inputs_ = 0, outputs_ = 0;
};

} // namespace llama
