// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "policy.hpp"

#include <algorithm>

namespace llama {
namespace {

constexpr double most_tokens = 1 << 24;

/// In the order of policy::kind.
const std::vector<setting_rule>& rules() {
  using k = key_kind;
  const setting_key budget{"budget", k::amount, "256", 1, most_tokens},
      no_budget{"budget", k::amount, "", 1, most_tokens};
  const setting_key sinks{"sinks", k::count, "4", 0, most_tokens}, observed{"window", k::count, "8", 1, 4096};
  // Pooling as each method's authors do; windows of 8, as CompressKV's authors ran all of them.
  const setting_key pool_5{"pool", k::count, "5", 1, 63}, pool_7{"pool", k::count, "7", 1, 63};
  static const std::vector<setting_rule> all = {
      {"full", {}},
      {"window", {{"window", k::count, "256", 1, most_tokens}, no_budget}},
      {"streaming", {sinks, {"window", k::count, "252", 1, most_tokens}, no_budget}},
      {"h2o", {budget, {"recent", k::number, "0.5", 0, 1}}},
      {"tova", {budget}},
      {"snap_kv", {budget, observed, pool_5}},
      {"pyramid_kv", {budget, observed, pool_7, {"beta", k::count, "20", 1, 1000}}},
      {"ada_kv", {budget, observed, pool_7, {"alpha", k::number, "0.2", 0, 1}}},
      {"compress_kv", {budget, observed, pool_5, {"heads", k::count, "4", 1, 4096}}},
      {"duo_attention",
       {{"full", k::number, "0.5", 0, 1},
        no_budget,
        sinks,
        {"recent", k::count, "64", 1, most_tokens},
        {"gates", k::word, "reconstruction", 0, 0, {"reconstruction", "position"}}}},
      {"razor_attention",
       {{"local", k::amount, "0.2", 1, most_tokens},
        no_budget,
        sinks,
        {"echo", k::number, "0.01", 0, 1},
        {"induction", k::number, "0.14", 0, 1}}}};
  return all;
}

} // namespace

std::vector<std::string> policy_names() {
  std::vector<std::string> out;
  for (const setting_rule& rule : rules()) out.emplace_back(rule.name);
  return out;
}

policy parse_policy(const std::string& text) {
  policy p;
  p.how = parse_setting("--policy", text, rules());
  for (std::size_t i = 0; i < rules().size(); ++i)
    if (p.how.name() == rules()[i].name) p.rule = static_cast<policy::kind>(i);
  // What a budget decides is not said a second time.
  if (p.how.has("budget"))
    for (const char* decided : {"full", "local"}) p.how.set(decided, "");
  if (!p.is_windowed()) return p;
  if (p.how.has("budget")) p.how.set("window", "");
  return p.how.has("budget") && p.how.is_fraction("budget") ? p : p.resolved(0);
}

policy policy::resolved(index_t prompt_tokens) const {
  policy p = *this;
  if (!is_windowed()) return p;
  p.sinks = rule == kind::streaming ? how.count("sinks") : 0;
  if (!how.has("budget")) {
    p.window = how.count("window");
  } else {
    const index_t kept = how.tokens("budget", prompt_tokens);
    p.sinks = std::min(p.sinks, kept - 1);
    p.window = std::max<index_t>(1, kept - p.sinks);
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
