// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What heed_profile found out about a model's heads, as files beside the model.
#include "policy.hpp"

#include <vector>

namespace llama {

/// Which heads retrieve, and how much each layer suffers: what policies with heads or layers of their own go by.
///
/// Shapes    retrieval_heads [layers][q_heads], best first; layer_error [layers], sums to 1; gates [layers *
///           kv_heads], by two estimates; echo, induction [layers * q_heads]
struct head_profile {
  std::vector<std::vector<index_t>> retrieval_heads;
  std::vector<double> layer_error;
  std::vector<float> reconstruction_gates, position_gates, echo, induction;
};

/// The folder where heed_profile puts the profile of a model: "model.gguf" has "profile" beside it.
[[nodiscard]] std::string profile_folder(const std::string& model_path);

/// CompressKV's head_idx.json and layer_score.jsonl, DuoAttention's patterns/NAME/full_attention_heads.tsv (with
/// config.json) by two estimates, and echo_heads.tsv and induction_heads.tsv of the same form.
///
/// Throws    usage_error that names the file, and how to make it
[[nodiscard]] head_profile read_profile(const std::string& folder, index_t layers, index_t q_heads, index_t kv_heads);
/// Throws    std::runtime_error
void write_profile(const head_profile& p, const std::string& folder);

} // namespace llama
