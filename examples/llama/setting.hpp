// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// NAME:key=value,... of a command line, against a table of what there is.
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace llama {

using index_t = std::ptrdiff_t;

/// A command line that can't be obeyed; the text says what there is instead.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A whole number in [least, most]; `what` is named in the message. Throws usage_error
[[nodiscard]] index_t parse_count(const std::string& what, const std::string& text, index_t least, index_t most);
/// A number in [least, most]. Throws usage_error
[[nodiscard]] double parse_number(const std::string& what, const std::string& text, double least, double most);

/// count: a whole number. number: any. amount: tokens if whole, and a fraction in (0, 1] if written with a point.
/// word: one of `words`.
enum class key_kind { count, number, amount, word };
/// A key with its range. `fallback` is text, as it would be written; empty: it stays away unless it is given.
struct setting_key {
  const char* name;
  key_kind kind;
  const char* fallback;
  double least, most;
  std::vector<std::string> words = {};
};
struct setting_rule {
  const char* name;
  std::vector<setting_key> keys;
};

/// A name of a table with the values of its keys.
class setting {
public:
  setting() = default;
  setting(const setting_rule& rule);

  [[nodiscard]] std::string name() const { return rule_ == nullptr ? "" : rule_->name; }
  /// Whether a key has a value, given or its fallback.
  [[nodiscard]] bool has(const char* key) const { return !text_of(key).empty(); }
  [[nodiscard]] index_t count(const char* key) const { return static_cast<index_t>(number(key)); }
  [[nodiscard]] double number(const char* key) const;
  /// An amount as tokens, rounded to the nearest; `whole` is what a fraction is of.
  [[nodiscard]] index_t tokens(const char* key, index_t whole) const;
  [[nodiscard]] std::string word(const char* key) const { return text_of(key); }
  [[nodiscard]] bool is_fraction(const char* key) const;
  void set(const char* key, const std::string& value);
  /// The form that parse_setting reads, with every key that has a value.
  [[nodiscard]] std::string text() const { return written(true); }
  /// Only the keys whose values are no fallbacks.
  [[nodiscard]] std::string short_text() const { return written(false); }

private:
  friend setting parse_setting(const std::string& option, const std::string& text,
                               const std::vector<setting_rule>& rules);
  [[nodiscard]] const std::string& text_of(const char* key) const;
  [[nodiscard]] std::string written(bool all) const; // private: which keys

  const setting_rule* rule_ = nullptr;
  std::vector<std::string> values_;
};

/// Throws usage_error: an unknown name, key or value; the message lists the names, or the keys, or the limits
[[nodiscard]] setting parse_setting(const std::string& option, const std::string& text,
                                    const std::vector<setting_rule>& rules);

/// "a:x=1, b and c": the table as a sentence.
[[nodiscard]] std::string list_of(const std::vector<setting_rule>& rules);

} // namespace llama
