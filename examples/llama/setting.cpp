// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "setting.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace llama {
namespace {

bool with_point(const std::string& text) { return text.find('.') != std::string::npos; }

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i)
    out += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return out;
}

void check_value(const std::string& what, const setting_key& key, const std::string& text) {
  if (key.kind == key_kind::word) {
    if (std::find(key.words.begin(), key.words.end(), text) == key.words.end())
      throw usage_error(what + " is \"" + text + "\", but there are " + joined(key.words));
  } else if (key.kind == key_kind::count || (key.kind == key_kind::amount && !with_point(text))) {
    static_cast<void>(parse_count(what, text, static_cast<index_t>(key.least), static_cast<index_t>(key.most)));
  } else if (key.kind == key_kind::amount) {
    static_cast<void>(parse_number(what, text, 1e-6, 1));
  } else {
    static_cast<void>(parse_number(what, text, key.least, key.most));
  }
}

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

setting::setting(const setting_rule& rule) : rule_(&rule) {
  for (const setting_key& key : rule.keys) values_.emplace_back(key.fallback);
}

const std::string& setting::text_of(const char* key) const {
  static const std::string none;
  if (rule_ == nullptr) return none;
  for (std::size_t i = 0; i < values_.size(); ++i)
    if (std::string(rule_->keys[i].name) == key) return values_[i];
  return none;
}

double setting::number(const char* key) const { return std::stod(text_of(key)); }
bool setting::is_fraction(const char* key) const { return with_point(text_of(key)); }
index_t setting::tokens(const char* key, index_t whole) const {
  return is_fraction(key) ? static_cast<index_t>(std::lround(number(key) * static_cast<double>(whole))) : count(key);
}

void setting::set(const char* key, const std::string& value) {
  for (std::size_t i = 0; i < values_.size(); ++i)
    if (std::string(rule_->keys[i].name) == key) values_[i] = value;
}

std::string setting::written(bool all) const {
  std::string out = name();
  char before = ':';
  for (std::size_t i = 0; i < values_.size(); ++i)
    if (!values_[i].empty() && (all || values_[i] != rule_->keys[i].fallback)) {
      out += before + std::string(rule_->keys[i].name) + "=" + values_[i];
      before = ',';
    }
  return out;
}

std::string list_of(const std::vector<setting_rule>& rules) {
  std::vector<std::string> names;
  for (const setting_rule& rule : rules) names.push_back(setting(rule).text());
  return joined(names);
}

setting parse_setting(const std::string& option, const std::string& text, const std::vector<setting_rule>& rules) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const setting_rule& r) { return name == r.name; });
  if (rule == rules.end()) throw usage_error(option + " is \"" + text + "\", but there are " + list_of(rules));
  setting out(*rule);
  for (std::size_t at = colon; at != std::string::npos;) {
    const std::size_t end = text.find(',', at + 1);
    const std::string pair = text.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    const std::size_t equals = pair.find('=');
    const std::string key = pair.substr(0, equals), value = equals == std::string::npos ? "" : pair.substr(equals + 1);
    std::vector<std::string> keys;
    const setting_key* known = nullptr;
    for (const setting_key& k : rule->keys) {
      keys.emplace_back(k.name);
      if (key == k.name) known = &k;
    }
    if (known == nullptr)
      throw usage_error(option + ": " + name + " has no key \"" + key + "\"; " +
                        (keys.empty() ? "it has none" : "it has " + joined(keys)));
    check_value(option + ": " + key, *known, value);
    out.set(known->name, value);
    at = end;
  }
  return out;
}

} // namespace llama
