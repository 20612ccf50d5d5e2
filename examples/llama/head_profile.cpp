// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "head_profile.hpp"

#include <heed/interop/compress_kv_files.hpp>
#include <heed/interop/duo_attention_files.hpp>

#include <filesystem>

namespace llama {
namespace {

/// Behind a folder's name.
constexpr const char *heads_file = "/head_idx.json", *layers_file = "/layer_score.jsonl",
                     *reconstruction = "/patterns/reconstruction", *position = "/patterns/position",
                     *echo_file = "/echo_heads.tsv", *induction_file = "/induction_heads.tsv";

void need(const std::string& fault) {
  if (!fault.empty()) throw usage_error(fault + " (heed_profile --model FILE writes a profile of a model's heads)");
}
void done(const std::string& fault) {
  if (!fault.empty()) throw std::runtime_error(fault);
}

std::vector<float> numbers(const std::string& path, const heed::duo_pattern& p, index_t layers, index_t heads) {
  if (p.layers != layers || p.kv_heads != heads)
    need(path + ": it has " + std::to_string(p.layers) + " x " + std::to_string(p.kv_heads) +
         " numbers, but the model needs " + std::to_string(layers) + " x " + std::to_string(heads));
  return p.gates;
}
std::vector<float> read_pattern(const std::string& folder, index_t layers, index_t heads) {
  heed::duo_pattern p;
  need(heed::read_duo_pattern(folder, p));
  return numbers(folder, p, layers, heads);
}
std::vector<float> read_table(const std::string& path, index_t layers, index_t heads) {
  heed::duo_pattern p;
  need(heed::read_text_file(path, [&](std::string_view text) { return heed::parse_duo_gates(text, p); }));
  return numbers(path, p, layers, heads);
}

/// Sinks and recent tokens are those that duo_attention has by itself.
heed::duo_pattern pattern(const std::vector<float>& gates, std::size_t layers) {
  return {static_cast<index_t>(layers), static_cast<index_t>(gates.size() / layers), gates, 4, 64};
}

} // namespace

std::string profile_folder(const std::string& model_path) {
  return (std::filesystem::path(model_path).parent_path() / "profile").string();
}

head_profile read_profile(const std::string& folder, index_t layers, index_t q_heads, index_t kv_heads) {
  heed::head_ranking ranking;
  heed::layer_scores scores;
  need(heed::read_head_ranking(folder + heads_file, layers, q_heads, ranking));
  need(heed::read_layer_scores(folder + layers_file, layers, scores));
  return {ranking.layers,
          scores.average,
          read_pattern(folder + reconstruction, layers, kv_heads),
          read_pattern(folder + position, layers, kv_heads),
          read_table(folder + echo_file, layers, q_heads),
          read_table(folder + induction_file, layers, q_heads)};
}

void write_profile(const head_profile& p, const std::string& folder) {
  const std::size_t layers = p.retrieval_heads.size();
  for (const char* name : {reconstruction, position}) std::filesystem::create_directories(folder + name);
  done(heed::write_head_ranking(folder + heads_file, {p.retrieval_heads}));
  done(heed::write_layer_scores(folder + layers_file, {{{"needle", p.layer_error}}, p.layer_error}));
  done(heed::write_duo_pattern(folder + reconstruction, pattern(p.reconstruction_gates, layers)));
  done(heed::write_duo_pattern(folder + position, pattern(p.position_gates, layers)));
  done(heed::write_text_file(folder + echo_file, heed::duo_gates_text(pattern(p.echo, layers))));
  done(heed::write_text_file(folder + induction_file, heed::duo_gates_text(pattern(p.induction, layers))));
}

} // namespace llama
