// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// DuoAttention's patterns: a gate for each key-value head, and the sinks and recent tokens that they were trained with.
#include <heed/interop/json_reader.hpp>
#include <heed/interop/text_file.hpp>

#include <utility>
#include <vector>

namespace heed {

inline namespace HEED_ISA {

/// A pattern folder: full_attention_heads.tsv (a row for each layer, gates separated by tabs) and config.json.
///
/// Shapes    gates: [layers * kv_heads], layer by layer, in [0, 1]
/// Source    attn_patterns/<model>/<run>/ of DuoAttention; its loader clips gates to [0, 1], and so does this
struct duo_pattern {
  index_t layers = 0, kv_heads = 0;
  std::vector<float> gates;
  index_t sinks = 64, recent = 256;
  friend bool operator==(const duo_pattern&, const duo_pattern&) = default;
};

/// Reads the rows of gates, which say how many layers and heads there are. Empty: read; else what is wrong, and `out`
/// is as it was.
///
/// Requires  rows of one length, finite numbers
[[nodiscard]] inline std::string parse_duo_gates(std::string_view text, duo_pattern& out) {
  duo_pattern read = out;
  read.gates.clear();
  read.layers = read.kv_heads = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view row = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!row.empty() && row.back() == '\r') row.remove_suffix(1);
    const std::string line = "line " + std::to_string(read.layers + 1) + ": ";
    if (row.empty()) return line + "is empty";
    index_t heads = 0;
    for (bool last = false; !last; ++heads) {
      const std::size_t tab = row.find('\t');
      const std::string_view cell = row.substr(0, tab);
      last = tab == std::string_view::npos;
      if (!last) row.remove_prefix(tab + 1);
      double x = 0; // wide enough that a tiny gate is no error
      const auto [stop, code] = std::from_chars(cell.data(), cell.data() + cell.size(), x);
      if (code != std::errc{} || stop != cell.data() + cell.size() || !(x - x == 0.))
        return line + "\"" + std::string(cell) + "\" is no number";
      read.gates.push_back(static_cast<float>(x < 0. ? 0. : x > 1. ? 1. : x));
    }
    if (read.layers > 0 && heads != read.kv_heads)
      return line + "has " + std::to_string(heads) + " gates, but the first has " + std::to_string(read.kv_heads);
    read.kv_heads = heads;
    ++read.layers;
  }
  if (read.layers == 0) return "there are no gates";
  out = std::move(read);
  return {};
}

/// Reads sink_size and recent_size; other keys are passed over.
[[nodiscard]] inline std::string parse_duo_config(std::string_view text, duo_pattern& out) {
  constexpr index_t most = index_t{1} << 30;
  json_reader json(text);
  index_t sinks = -1, recent = -1;
  std::string key;
  if (json.begin_object())
    while (json.next_key(key)) {
      index_t* const wanted = key == "sink_size" ? &sinks : key == "recent_size" ? &recent : nullptr;
      if (wanted != nullptr && *wanted >= 0) json.refuse("\"" + key + "\" stands there twice");
      if (!(wanted == nullptr ? json.skip() : json.whole(key.c_str(), key == "sink_size" ? 0 : 1, most, *wanted)))
        break;
    }
  if (json.fault().empty() && sinks < 0) json.refuse("there is no \"sink_size\"");
  if (json.fault().empty() && recent < 0) json.refuse("there is no \"recent_size\"");
  if (json.finish()) {
    out.sinks = sinks;
    out.recent = recent;
  }
  return json.fault();
}

/// Whether a pattern can be written. Empty: yes; else what is wrong.
[[nodiscard]] inline std::string check_duo_pattern(const duo_pattern& p) {
  const auto given = static_cast<index_t>(p.gates.size());
  if (p.layers < 1 || p.kv_heads < 1 || given % p.layers != 0 || given / p.layers != p.kv_heads)
    return std::to_string(given) + " gates, but there are " + std::to_string(p.layers) + " layers of " +
           std::to_string(p.kv_heads) + " heads";
  for (std::size_t i = 0; i < p.gates.size(); ++i)
    if (!(p.gates[i] >= 0.f && p.gates[i] <= 1.f)) return "gate " + std::to_string(i) + " lies outside 0 to 1";
  if (p.sinks < 0) return "sinks is " + std::to_string(p.sinks) + ", the least is 0";
  if (p.recent < 1) return "recent is " + std::to_string(p.recent) + ", the least is 1";
  return {};
}

/// Requires  as many gates as layers * kv_heads; otherwise the text is empty
[[nodiscard]] inline std::string duo_gates_text(const duo_pattern& p) {
  std::string text;
  if (p.layers < 1 || static_cast<index_t>(p.gates.size()) / p.layers < p.kv_heads) return text;
  for (index_t l = 0; l < p.layers; ++l)
    for (index_t h = 0; h < p.kv_heads; ++h)
      text += number_text(p.gates[static_cast<std::size_t>(l * p.kv_heads + h)]) + (h + 1 < p.kv_heads ? "\t" : "\n");
  return text;
}
[[nodiscard]] inline std::string duo_config_text(const duo_pattern& p) {
  return "{\"sink_size\": " + std::to_string(p.sinks) + ", \"recent_size\": " + std::to_string(p.recent) + "}\n";
}

/// The folder of a pattern; a message starts with the path of the file.
[[nodiscard]] inline std::string read_duo_pattern(const std::string& folder, duo_pattern& out) {
  duo_pattern read;
  std::string fault = read_text_file(folder + "/full_attention_heads.tsv",
                                     [&](std::string_view text) { return parse_duo_gates(text, read); });
  if (fault.empty())
    fault =
        read_text_file(folder + "/config.json", [&](std::string_view text) { return parse_duo_config(text, read); });
  if (fault.empty()) out = std::move(read);
  return fault;
}
[[nodiscard]] inline std::string write_duo_pattern(const std::string& folder, const duo_pattern& p) {
  const std::string path = folder + "/full_attention_heads.tsv";
  if (const std::string wrong = check_duo_pattern(p); !wrong.empty()) return path + ": " + wrong;
  const std::string fault = write_text_file(path, duo_gates_text(p));
  return fault.empty() ? write_text_file(folder + "/config.json", duo_config_text(p)) : fault;
}

} // namespace HEED_ISA
} // namespace heed
