// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One forward pass over the new tokens of some sequences.
#include "cache.hpp"
#include "vocabulary.hpp"

#include <heed/rope/rope_table.hpp>

#include <span>

namespace llama {

/// The tokens of a step, packed: sequence s brings tokens[row_offsets[s] ... row_offsets[s + 1]).
/// logits_of lists the rows whose logits are wanted; of_prompt: as in step_rows.
struct batch {
  std::vector<token_t> tokens;
  std::vector<index_t> row_offsets, logits_of;
  std::vector<unsigned char> of_prompt = {};
};

/// Runs a model's layers; owns the buffers between them.
///
/// Determinism   a token's logits depend on its sequence alone: not on threads, nor on who else is in the batch; with a
///               cache that keeps all, those of a prompt that is said to be one not on how it is cut into steps either
class engine {
public:
  /// All arguments must outlive the engine.
  engine(const model& m, kv_cache& cache, heed::thread_pool& pool) : model_(m), cache_(cache), pool_(pool) {}

  /// Logits [logits_of.size()][vocabulary], valid until the next step.
  ///
  /// Requires  tokens in the vocabulary
  std::span<const float> step(const batch& b);

private:
  void normalise(const std::vector<float>& weight, const float* x, index_t rows, float* out);
  void turn(const heed::rope_table<float>& table, float* rows, index_t heads);
  void gate();

  const model& model_;
  kv_cache& cache_;
  heed::thread_pool& pool_;
  index_t tokens_ = 0;
  std::vector<index_t> positions_;
  std::vector<float> turns_, x_, normed_, q_, k_, v_, attended_, gate_, up_, last_, logits_;
};

} // namespace llama
