// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Questions about hidden facts, asked through a cache policy: how many answers are right, and what the cache cost.
#include "llama/generation.hpp"
#include "llama/language_model.hpp"
#include "prompts.hpp"

#include <functional>

namespace needle {

/// When the question comes: with the prompt, or once the policy has evicted and does not know it.
enum class question { in_prompt, after_eviction };

struct recall_options {
  std::vector<index_t> contexts = {512, 1024};
  index_t depths = 6, samples = 2; ///< depths from 0 to 100 percent; prompts per context and depth
  llama::kv_type type = llama::kv_type::f32;
  std::uint64_t seed = std::uint64_t{1} << 32;
  question asked = question::in_prompt;
  std::shared_ptr<const llama::head_profile> profile = {};
};

/// Positions that a head holds once the answer is said.
struct kept_tokens {
  index_t layer, kv_head;
  std::vector<index_t> positions;
};

/// One policy with its results. Bytes and speeds are those of the longest context.
///
/// Shapes    recalled: [contexts][depths], each of `samples`
struct recall_row {
  llama::policy keep = {};
  std::vector<index_t> recalled = {};
  index_t bytes = 0, peak_bytes = 0;
  double prefill_per_s = 0, decode_per_s = 0;
  std::string refused = {}; ///< why the policy cannot run; nothing else counts then
  std::vector<kept_tokens> kept = {};
  index_t fact_at = 0, kept_of = 0; ///< of the text whose tokens `kept` lists: the fact's place, the tokens
};

/// Fills a row. Each sample has another prompt, the same for every policy. asked: after each question, with its
/// context.
void measure_recall(const llama::language_model& model, heed::thread_pool& pool, const recall_options& o,
                    recall_row& row, const std::function<void(index_t context)>& asked);

[[nodiscard]] double mean_recall(const recall_options& o, const recall_row& row);

/// Wilson's 95 % interval of a share.
struct interval {
  double low, high;
};
[[nodiscard]] interval wilson(index_t right, index_t of);

} // namespace needle
