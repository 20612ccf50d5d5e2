// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How much each layer's output suffers when its cache is nearly emptied: the weights of CompressKV's layer budgets.
#include "head_scores.hpp"

namespace profile {

struct layer_errors {
  std::vector<double> share; ///< [layers], sums to 1
  index_t steps = 0;         ///< of generation that were measured
};

/// Beside the full cache each layer has a shadow of `kept` tokens, chosen by CompressKV from the prompt; tokens said
/// later are in both. A step's error is |shadow - full| / |full| of the attention's output behind W_O, and the full
/// output goes on.
///
/// Shapes    retrieval_heads: [layers][q_heads], best first; the first four score
/// Source    Lin et al. 2025, CompressKV, section 3.3: 32 tokens, 24 chosen and a window of 8
[[nodiscard]] layer_errors measure_layer_error(const llama::language_model& model, heed::thread_pool& pool,
                                               const std::vector<std::vector<index_t>>& retrieval_heads,
                                               const std::vector<needle::prompt_options>& prompts,
                                               const progress& told = {}, index_t kept = 32, index_t said = 8);

} // namespace profile
