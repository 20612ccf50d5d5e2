// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What each head of a model is for, measured on generated prompts: the scores that cache policies choose heads by.
#include "llama/language_model.hpp"
#include "needle/prompts.hpp"
#include "row_scores.hpp"

#include <heed/rope/rope.hpp>
#include <heed/view/tensor_view.hpp>

#include <functional>

namespace profile {

/// A number for each head: [layers][heads].
struct head_table {
  index_t layers = 0, heads = 0;
  std::vector<double> numbers = {};
  head_table(index_t l, index_t h) : layers(l), heads(h), numbers(static_cast<std::size_t>(l * h)) {}
  [[nodiscard]] double& at(index_t layer, index_t head) {
    return numbers[static_cast<std::size_t>(layer * heads + head)];
  }
  [[nodiscard]] double at(index_t layer, index_t head) const {
    return numbers[static_cast<std::size_t>(layer * heads + head)];
  }
};

/// Of each key-value head: the mean of its query heads, or the greatest.
[[nodiscard]] head_table mean_over_groups(const head_table& of_query_heads, index_t kv_heads);
[[nodiscard]] head_table max_over_groups(const head_table& of_query_heads, index_t kv_heads);

/// Called after each prompt.
using progress = std::function<void(index_t done, index_t all)>;

/// Attention that flows from a wrong place does not count: only runs with the right answer do.
struct retrieval_scores {
  head_table score; ///< [layers][q_heads], mean over the runs kept
  index_t runs = 0, kept = 0;
};

/// Semantic retrieval heads: attention mass on the whole fact while a token of the fact is said, times how often the
/// fact holds that token.
///
/// Source    Lin et al. 2025, CompressKV, section 3.1 and its detection script: the multiplicity where the paper has
///           an indicator. There, ROUGE-1 recall above 50 % keeps a run; here an answer has two tokens, so both are
///           right
[[nodiscard]] retrieval_scores score_retrieval(const llama::language_model& model, heed::thread_pool& pool,
                                               const std::vector<needle::prompt_options>& prompts,
                                               const progress& told = {});

/// Echo: mass on earlier copies of the query's token. Induction: mass on the tokens after these. Mean over the rows.
struct repetition_scores {
  head_table echo, induction; ///< [layers][q_heads]
};

/// `length` random tokens, told `repeats` times. The model's first token stands before them.
///
/// Source    Tang et al. 2024, RazorAttention, section 3.2: 2500 tokens, 4 times
[[nodiscard]] repetition_scores score_repetition(const llama::language_model& model, heed::thread_pool& pool,
                                                 index_t length, index_t repeats, index_t samples, std::uint64_t seed,
                                                 const progress& told = {});

/// How evenly heads attend by position alone, from what a layer attended with: the rows' rotations are undone and their
/// mean taken; the mean query, turned to the last of `positions`, attends to the mean key at each of them. The mean of
/// the running sum of these probabilities, of each query head.
///
/// Shapes    q: [rows][q_heads][dim], k: [rows][kv_heads][dim], turned by the positions 0, 1 ...
[[nodiscard]] std::vector<double> position_scores(heed::thread_pool& pool, const heed::rope& rope,
                                                  const heed::tensor_view<const float, 3>& q,
                                                  const heed::tensor_view<const float, 3>& k, index_t positions);

/// position_scores of each layer. Even: 0.5. Only recent: near 0. Only first: 1. [layers][q_heads], mean over the
/// prompts.
///
/// Source    DuoAttention's training-free estimate in NVIDIA's kvpress (on_the_fly_scoring)
[[nodiscard]] head_table score_positions(const llama::language_model& model, heed::thread_pool& pool,
                                         const std::vector<needle::prompt_options>& prompts, index_t positions,
                                         const progress& told = {});

/// How much of a text a head needs to tell it again: the greatest probability that any token of the second telling
/// gives to a slot of the first; the mean over its slots. [layers][q_heads], mean over the prompts. Heads that stream
/// look only at what is near: near 0.
///
/// Source    Kim et al. 2025, KVzip: scores from the repetition of the context, per head
[[nodiscard]] head_table score_reconstruction(const llama::language_model& model, heed::thread_pool& pool,
                                              const std::vector<needle::prompt_options>& prompts,
                                              const progress& told = {});

/// Prompts of these lengths at depths from 0 to 100 percent, `samples` of each; seeds from `seed` on.
[[nodiscard]] std::vector<needle::prompt_options> spread_prompts(const std::vector<index_t>& lengths, index_t depths,
                                                                 index_t samples, std::uint64_t seed);

} // namespace profile
