// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Linear layers: y = W x for some tokens, the same bits for a token whoever else is in the batch.
#include "gguf_file.hpp"
#include "parallel.hpp"

namespace llama {

/// A matrix of a file, widened to float and packed in blocks of rows.
///
/// Shapes        weights [outputs][inputs], stored [blocks][inputs][rows of a block]; x [tokens][inputs]; y
///               [tokens][outputs]
/// Determinism   an output is one sum over the inputs, in their order, whatever the tokens and threads beside it
/// Cost          a block is read once for a few tokens at a time; blocks and groups of tokens are the tasks
class linear {
public:
  linear() = default;
  explicit linear(const tensor_info& tensor);

  [[nodiscard]] index_t inputs() const noexcept { return inputs_; }
  [[nodiscard]] index_t outputs() const noexcept { return outputs_; }
  /// Row i of the weights, [inputs]: the embedding of token i.
  void copy_row(index_t i, float* out) const noexcept;

  /// y = W x
  void apply(heed::thread_pool& pool, const float* x, index_t tokens, float* y) const;
  /// y += W x
  void add(heed::thread_pool& pool, const float* x, index_t tokens, float* y) const;

private:
  std::vector<float> weights_;
  index_t inputs_ = 0, outputs_ = 0;
};

} // namespace llama
