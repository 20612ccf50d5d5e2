// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Reads text with a model and shows the attention of chosen rows.
#include "llama/engine.hpp"
#include "llama/language_model.hpp"
#include "needle/prompts.hpp"
#include "observing_cache.hpp"

namespace profile {

using llama::token_t;

inline constexpr index_t read_chunk = 256;

/// A model with a cache that shows its attention.
class reader {
public:
  reader(const llama::language_model& model, heed::thread_pool& pool, index_t most_tokens)
      : cache_(model.weights.shape(), most_tokens, pool), engine_(model.weights, cache_, pool) {}

  /// Forgets what was read.
  void begin() { cache_.release(0); }
  /// Reads tokens, at most `chunk` in a step, showing the last `watched` rows of each; the likeliest next token.
  token_t read(std::span<const token_t> tokens, index_t chunk, index_t watched,
               const std::function<void(const layer_view&)>& show);

private:
  observing_cache cache_;
  llama::engine engine_;
};

[[nodiscard]] index_t longest(const std::vector<needle::prompt_options>& prompts);

} // namespace profile
