// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "policy.hpp"

#include <charconv>
#include <cstdio>

namespace llama {

namespace {
constexpr const char* policies = "there are full, streaming:sinks=4,window=252 and window:window=256";
constexpr index_t most_tokens = index_t{1} << 24;
} // namespace

index_t parse_count(const std::string& what, const std::string& text, index_t least, index_t most) {
  index_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    throw usage_error(what + " is \"" + text + "\", but must be a whole number from " + std::to_string(least) + " to " +
                      std::to_string(most));
  return value;
}

double parse_number(const std::string& what, const std::string& text, double least, double most) {
  std::size_t used = 0;
  double value = least - 1;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
  }
  if (used != text.size() || !(value >= least && value <= most)) {
    char limits[80];
    std::snprintf(limits, sizeof limits, "%g to %g", least, most);
    throw usage_error(what + " is \"" + text + "\", but must be a number from " + limits);
  }
  return value;
}

std::string policy::text() const {
  switch (rule) {
  case kind::full:
    break;
  case kind::streaming:
    return "streaming:sinks=" + std::to_string(sinks) + ",window=" + std::to_string(window);
  case kind::window:
    return "window:window=" + std::to_string(window);
  }
  return "full";
}

policy parse_policy(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  policy p;
  if (name == "streaming")
    p = {policy::kind::streaming, 4, 252};
  else if (name == "window")
    p = {policy::kind::window, 0, 256};
  else if (name != "full")
    throw usage_error("--policy is \"" + text + "\", but " + policies);

  for (std::size_t at = colon; at != std::string::npos;) {
    const std::size_t end = text.find(',', at + 1);
    const std::string pair = text.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    const std::size_t equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : pair.substr(equals + 1);
    if (key == "sinks" && p.rule == policy::kind::streaming)
      p.sinks = parse_count("--policy: sinks", value, 0, most_tokens);
    else if (key == "window" && p.rule != policy::kind::full)
      p.window = parse_count("--policy: window", value, 1, most_tokens);
    else
      throw usage_error("--policy: " + name + " has no key \"" + key + "\"; " + policies);
    at = end;
  }
  return p;
}

cache_layout parse_layout(const std::string& text) {
  if (text == "contiguous") return cache_layout::contiguous;
  if (text == "paged") return cache_layout::paged;
  throw usage_error("--layout is \"" + text + "\", but there are contiguous and paged");
}

kv_type parse_kv_type(const std::string& text) {
  if (text == "f32") return kv_type::f32;
  if (text == "f16") return kv_type::f16;
  if (text == "bf16") return kv_type::bf16;
  throw usage_error("--kv-type is \"" + text + "\", but there are f32, f16 and bf16");
}

} // namespace llama
