// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// CompressKV's two files about a model: which query heads of each layer retrieve, and how much each layer suffers.
#include <heed/interop/json_reader.hpp>
#include <heed/interop/text_file.hpp>

#include <utility>
#include <vector>

namespace heed {

inline namespace HEED_ISA {

/// Query heads of each layer, best first. A file may name only the first few.
///
/// Shapes    layers: [layers][heads named]
/// Source    scores/*_head_idx.json of CompressKV: {"0": [7, 3, ...], "1": ...}
struct head_ranking {
  std::vector<std::vector<index_t>> layers;
  friend bool operator==(const head_ranking&, const head_ranking&) = default;
};

/// How much a layer's output changes when its cache is nearly emptied: shares that add up to 1, per data set and their
/// mean.
///
/// Shapes    average, data_sets[i].second: [layers]
/// Source    scores/*_layer_score.jsonl of CompressKV, which is one JSON object: {data set: [...], "avg_score": [...]}
struct layer_scores {
  std::vector<std::pair<std::string, std::vector<double>>> data_sets;
  std::vector<double> average;
  friend bool operator==(const layer_scores&, const layer_scores&) = default;
};

/// Reads a ranking of a model with so many layers and query heads. Empty: read; else what is wrong, and `out` is as it
/// was.
///
/// Requires  every layer named once, with one head or more, each at most once
[[nodiscard]] inline std::string parse_head_ranking(std::string_view text, index_t layers, index_t q_heads,
                                                    head_ranking& out) {
  json_reader json(text);
  head_ranking read;
  read.layers.resize(static_cast<std::size_t>(layers > 0 ? layers : 0));
  std::vector<bool> named(read.layers.size());
  std::string key;
  if (json.begin_object())
    while (json.next_key(key)) {
      index_t layer = -1;
      const auto [stop, code] = std::from_chars(key.data(), key.data() + key.size(), layer);
      if (code != std::errc{} || stop != key.data() + key.size() || layer < 0 || layer >= layers ||
          std::to_string(layer) != key) {
        json.refuse("the key \"" + key + "\" is no layer from 0 to " + std::to_string(layers - 1));
        break;
      }
      auto& list = read.layers[static_cast<std::size_t>(layer)];
      if (named[static_cast<std::size_t>(layer)]) {
        json.refuse("layer " + key + " stands there twice");
        break;
      }
      named[static_cast<std::size_t>(layer)] = true;
      if (!json.begin_array()) break;
      while (json.next_element()) {
        index_t head = 0;
        if (!json.whole("a head", 0, q_heads - 1, head)) break;
        for (const index_t before : list)
          if (before == head) json.refuse("layer " + key + " names head " + std::to_string(head) + " twice");
        list.push_back(head);
      }
    }
  for (index_t l = 0; l < layers; ++l)
    if (json.fault().empty() && read.layers[static_cast<std::size_t>(l)].empty())
      json.refuse("layer " + std::to_string(l) + " names no head");
  if (json.finish()) out = std::move(read);
  return json.fault();
}

/// Reads layer scores of a model with so many layers.
///
/// Requires  numbers that are not negative, as many as layers in each list, and a list "avg_score"
[[nodiscard]] inline std::string parse_layer_scores(std::string_view text, index_t layers, layer_scores& out) {
  json_reader json(text);
  layer_scores read;
  std::string key;
  if (json.begin_object())
    while (json.next_key(key)) {
      std::vector<double> list;
      if (!json.begin_array()) break;
      while (json.next_element()) {
        double x = 0;
        if (!json.number(x)) break;
        if (x < 0) json.refuse("a score of \"" + key + "\" is negative");
        list.push_back(x);
      }
      if (json.fault().empty() && static_cast<index_t>(list.size()) != layers)
        json.refuse("\"" + key + "\" has " + std::to_string(list.size()) + " scores, but the layers are " +
                    std::to_string(layers));
      for (const auto& [name, numbers] : read.data_sets)
        if (name == key) json.refuse("\"" + key + "\" stands there twice");
      if (key == "avg_score" && !read.average.empty()) json.refuse("\"avg_score\" stands there twice");
      if (key == "avg_score")
        read.average = std::move(list);
      else
        read.data_sets.emplace_back(key, std::move(list));
    }
  if (json.fault().empty() && read.average.empty()) json.refuse("there is no \"avg_score\"");
  if (json.finish()) out = std::move(read);
  return json.fault();
}

[[nodiscard]] inline std::string to_text(const head_ranking& ranking) {
  std::string text = "{";
  for (std::size_t l = 0; l < ranking.layers.size(); ++l) {
    text += (l > 0 ? ", \"" : "\"") + std::to_string(l) + "\": [";
    for (std::size_t i = 0; i < ranking.layers[l].size(); ++i)
      text += (i > 0 ? ", " : "") + std::to_string(ranking.layers[l][i]);
    text += "]";
  }
  return text + "}\n";
}
[[nodiscard]] inline std::string to_text(const layer_scores& scores) {
  std::string text = "{";
  const auto put = [&](const std::string& name, const std::vector<double>& numbers) {
    text += (text.size() > 1 ? ", " : "") + json_string(name) + ": [";
    for (std::size_t i = 0; i < numbers.size(); ++i) text += (i > 0 ? ", " : "") + number_text(numbers[i]);
    text += "]";
  };
  for (const auto& [name, numbers] : scores.data_sets) put(name, numbers);
  put("avg_score", scores.average);
  return text + "}\n";
}

/// The same from and to files; a message starts with the path.
[[nodiscard]] inline std::string read_head_ranking(const std::string& path, index_t layers, index_t q_heads,
                                                   head_ranking& out) {
  return read_text_file(path, [&](std::string_view text) { return parse_head_ranking(text, layers, q_heads, out); });
}
[[nodiscard]] inline std::string read_layer_scores(const std::string& path, index_t layers, layer_scores& out) {
  return read_text_file(path, [&](std::string_view text) { return parse_layer_scores(text, layers, out); });
}
[[nodiscard]] inline std::string write_head_ranking(const std::string& path, const head_ranking& ranking) {
  return write_text_file(path, to_text(ranking));
}
[[nodiscard]] inline std::string write_layer_scores(const std::string& path, const layer_scores& scores) {
  return write_text_file(path, to_text(scores));
}

} // namespace HEED_ISA
} // namespace heed
