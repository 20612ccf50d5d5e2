// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The Llama architecture as a GGUF file describes it: sizes and weights.
#include "linear.hpp"

#include <heed/rope/rope.hpp>

namespace llama {

/// Sizes and constants of a model.
struct model_shape {
  index_t context = 0, width = 0, layers = 0, feed_forward = 0, vocabulary = 0;
  index_t q_heads = 0, kv_heads = 0, key_dim = 0, value_dim = 0;
  float norm_epsilon = 0;
};

struct model_layer {
  std::vector<float> attention_norm, feed_forward_norm;
  linear query, key, value, output, gate, up, down;
};

/// Everything that a step reads. Made once, then shared by all threads.
///
/// Throws    file_error: another architecture, a scaling or tensor that is not known, a missing tensor, a wrong shape
class model {
public:
  explicit model(const gguf_file& file);
  model(const model&) = delete; // rope_ looks into rope_divisors_
  model& operator=(const model&) = delete;

  [[nodiscard]] const model_shape& shape() const noexcept { return shape_; }
  [[nodiscard]] const std::vector<model_layer>& layers() const noexcept { return layers_; }
  /// [vocabulary][width]
  [[nodiscard]] const linear& embedding() const noexcept { return embedding_; }
  /// [vocabulary][width]; the embedding where the two are tied.
  [[nodiscard]] const linear& output() const noexcept { return tied_ ? embedding_ : output_; }
  [[nodiscard]] const std::vector<float>& output_norm() const noexcept { return output_norm_; }
  /// How queries and keys turn with their position. Looks into the model.
  [[nodiscard]] const heed::rope& rope() const noexcept { return rope_; }

private:
  model_shape shape_;
  std::vector<model_layer> layers_;
  linear embedding_, output_;
  bool tied_ = true;
  std::vector<float> output_norm_, rope_divisors_;
  heed::rope rope_;
};

} // namespace llama
