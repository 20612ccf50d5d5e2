// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "head_profile.hpp"

#include "command_line.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace llama {
namespace {

constexpr const char *heads_name = "head_idx.json", *layers_name = "layer_score.jsonl",
                     *pattern_names[] = {"patterns/reconstruction", "patterns/position"},
                     *gates_name = "full_attention_heads.tsv", *echo_name = "echo_heads.tsv",
                     *induction_name = "induction_heads.tsv";

std::string path_of(const std::string& folder, const char* name) {
  return (std::filesystem::path(folder) / name).string();
}

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw usage_error(path + ": " + what + " (heed_profile --model FILE writes a profile of a model's heads)");
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  if (!file) fail(path, "cannot be read");
  return out.str();
}

/// The numbers of a list [a, b, ...] behind "key".
std::vector<double> numbers_of(const std::string& path, const std::string& json, const std::string& key,
                               index_t count) {
  const std::size_t at = json.find("\"" + key + "\""), begin = json.find('[', at), end = json.find(']', begin);
  if (at == std::string::npos || begin == std::string::npos || end == std::string::npos)
    fail(path, "there is no list \"" + key + "\"");
  std::string list = json.substr(begin + 1, end - begin - 1);
  for (char& c : list)
    if (c == ',') c = ' ';
  std::istringstream in(list);
  std::vector<double> out;
  for (double x = 0; in >> x;) out.push_back(x);
  if (static_cast<index_t>(out.size()) != count)
    fail(path, "\"" + key + "\" has " + std::to_string(out.size()) + " numbers, but the model needs " +
                   std::to_string(count));
  return out;
}

std::string list_of(const std::vector<double>& numbers, const char* format) {
  std::string out = "[";
  char text[40];
  for (const double x : numbers) {
    std::snprintf(text, sizeof text, format, x);
    out += (out.size() > 1 ? ", " : "") + std::string(text);
  }
  return out + "]";
}

std::vector<float> read_table(const std::string& path, index_t count) {
  std::istringstream in(text_of(path));
  std::vector<float> out;
  for (float x = 0; in >> x;) out.push_back(x);
  if (static_cast<index_t>(out.size()) != count)
    fail(path, "it has " + std::to_string(out.size()) + " numbers, but the model needs " + std::to_string(count));
  return out;
}

std::string table_of(const std::vector<float>& numbers, std::size_t layers) {
  std::string out;
  char number[40];
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::snprintf(number, sizeof number, "%.6e%c", static_cast<double>(numbers[i]),
                  (i + 1) % (numbers.size() / layers) == 0 ? '\n' : '\t');
    out += number;
  }
  return out;
}

} // namespace

std::string profile_folder(const std::string& model_path) {
  return path_of(std::filesystem::path(model_path).parent_path().string(), "profile");
}

head_profile read_profile(const std::string& folder, index_t layers, index_t q_heads, index_t kv_heads) {
  head_profile p;
  const std::string heads = path_of(folder, heads_name), json = text_of(heads);
  for (index_t l = 0; l < layers; ++l) {
    p.retrieval_heads.emplace_back();
    for (const double h : numbers_of(heads, json, std::to_string(l), q_heads)) {
      if (!(h >= 0 && h < static_cast<double>(q_heads))) fail(heads, "a head is not below " + std::to_string(q_heads));
      p.retrieval_heads.back().push_back(static_cast<index_t>(h));
    }
  }
  const std::string scores = path_of(folder, layers_name);
  p.layer_error = numbers_of(scores, text_of(scores), "avg_score", layers);
  p.reconstruction_gates = read_table(path_of(path_of(folder, pattern_names[0]), gates_name), layers * kv_heads);
  p.position_gates = read_table(path_of(path_of(folder, pattern_names[1]), gates_name), layers * kv_heads);
  p.echo = read_table(path_of(folder, echo_name), layers * q_heads);
  p.induction = read_table(path_of(folder, induction_name), layers * q_heads);
  return p;
}

void write_profile(const head_profile& p, const std::string& folder) {
  const std::size_t layers = p.retrieval_heads.size();
  std::string heads = "{";
  for (std::size_t l = 0; l < layers; ++l)
    heads += (l > 0 ? ",\n \"" : "\"") + std::to_string(l) +
             "\": " + list_of({p.retrieval_heads[l].begin(), p.retrieval_heads[l].end()}, "%.0f");
  write_file(path_of(folder, heads_name), heads + "}\n");
  const std::string errors = list_of(p.layer_error, "%.9g");
  write_file(path_of(folder, layers_name), "{\"needle\": " + errors + ",\n \"avg_score\": " + errors + "}\n");
  for (int i = 0; i < 2; ++i) {
    const std::string pattern = path_of(folder, pattern_names[i]);
    std::filesystem::create_directories(pattern);
    write_file(path_of(pattern, gates_name), table_of(i == 0 ? p.reconstruction_gates : p.position_gates, layers));
    write_file(path_of(pattern, "config.json"), "{\"sink_size\": 4, \"recent_size\": 64}\n");
  }
  write_file(path_of(folder, echo_name), table_of(p.echo, layers));
  write_file(path_of(folder, induction_name), table_of(p.induction, layers));
}

} // namespace llama
