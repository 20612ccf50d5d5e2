// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Walks a JSON text value by value, strictly: for the small files that describe heads and layers.
#include <heed/concepts.hpp>

#include <charconv>
#include <string>
#include <string_view>

namespace heed {
inline namespace HEED_ISA {

/// A walk: begin_object, then next_key and one value again and again until next_key says no; arrays likewise; at the
/// end finish. The first thing wrong stops it: everything then says no, and fault() says what and where.
///
/// Requires  the text outlives the reader
/// Source    RFC 8259. Numbers must be finite as doubles; a depth of 64 is the most
class json_reader {
public:
  explicit json_reader(std::string_view text) : text_(text) {}

  /// What is wrong, and where: empty if nothing is.
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
  /// Stops the walk for a reason of the caller's.
  bool refuse(const std::string& why) {
    if (!fault_.empty()) return false;
    std::size_t line = 1, column = 1;
    for (const char c : text_.substr(0, at_)) {
      column = c == '\n' ? 1 : column + 1;
      if (c == '\n') ++line;
    }
    fault_ = "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + why;
    return false;
  }

  bool begin_object() { return open('{', "an object"); }
  bool begin_array() { return open('[', "an array"); }
  /// The next key of the object, and its colon; false at the end of the object.
  bool next_key(std::string& key) {
    if (!more('}')) return false;
    return string(key) && expect(':', "a colon");
  }
  /// Whether the array has another element.
  bool next_element() { return more(']'); }
  bool number(double& value) {
    skip_space();
    const std::size_t end = number_end();
    if (end == at_) return refuse("expected a number" + found());
    const auto [stop, code] = std::from_chars(text_.data() + at_, text_.data() + end, value);
    if (code != std::errc{} || stop != text_.data() + end || !(value - value == 0.))
      return refuse("the number " + std::string(text_.substr(at_, end - at_)) + " does not fit");
    at_ = end;
    return true;
  }
  /// A whole number in [least, most]; `what` is named where it is none.
  bool whole(const char* what, index_t least, index_t most, index_t& value) {
    skip_space();
    const std::size_t start = at_;
    double x = 0;
    if (!number(x)) return false;
    if (x >= static_cast<double>(least) && x <= static_cast<double>(most)) {
      value = static_cast<index_t>(x);
      if (static_cast<double>(value) == x) return true;
    }
    const std::string text(text_.substr(start, at_ - start));
    at_ = start;
    return refuse(std::string(what) + " is " + text + ", but must be a whole number from " + std::to_string(least) +
                  " to " + std::to_string(most));
  }
  bool string(std::string& value) {
    value.clear();
    if (!expect('"', "a string")) return false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return refuse("a control character in a string");
      if (c != '\\')
        value += c;
      else if (!escape(value))
        return false;
    }
    return refuse("the string does not end");
  }
  /// Any value, not looked at but for its form.
  bool skip() {
    skip_space();
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    std::string text;
    double x = 0;
    if (c == '{') {
      if (!begin_object()) return false;
      while (next_key(text))
        if (!skip()) return false;
      return fault_.empty();
    }
    if (c == '[') {
      if (!begin_array()) return false;
      while (next_element())
        if (!skip()) return false;
      return fault_.empty();
    }
    if (c == '"') return string(text);
    for (const std::string_view word : {"true", "false", "null"})
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return true;
      }
    return number(x);
  }
  /// Nothing but space may follow.
  bool finish() {
    skip_space();
    return at_ == text_.size() ? fault_.empty() : refuse("expected the end of the text" + found());
  }

private:
  static constexpr int most_depth = 64;

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  [[nodiscard]] std::string found() const {
    if (at_ >= text_.size()) return ", but the text ends";
    return std::string(", but there is '") + text_[at_] + "'";
  }
  bool expect(char c, const char* what) {
    skip_space();
    if (!fault_.empty()) return false;
    if (at_ >= text_.size() || text_[at_] != c) return refuse(std::string("expected ") + what + found());
    ++at_;
    return true;
  }
  bool open(char c, const char* what) {
    if (!expect(c, what)) return false;
    if (++depth_ > most_depth) return refuse("deeper than 64 levels");
    first_ = true;
    return true;
  }
  /// A comma and another item, or the closing bracket.
  bool more(char close) {
    skip_space();
    if (!fault_.empty()) return false;
    if (at_ < text_.size() && text_[at_] == close) {
      ++at_;
      --depth_;
      first_ = false;
      return false;
    }
    if (!first_ && !expect(',', close == '}' ? "a comma or }" : "a comma or ]")) return false;
    first_ = false;
    return true;
  }
  /// Where the number that starts here ends by the grammar; here: there is none.
  [[nodiscard]] std::size_t number_end() const {
    std::size_t i = at_;
    const auto digits = [&] {
      const std::size_t start = i;
      while (i < text_.size() && text_[i] >= '0' && text_[i] <= '9') ++i;
      return i > start;
    };
    const auto is = [&](const char* any) {
      return i < text_.size() && std::string_view(any).find(text_[i]) != std::string_view::npos;
    };
    if (is("-")) ++i;
    if (is("0"))
      ++i;
    else if (!digits())
      return at_;
    if (is(".")) {
      ++i;
      if (!digits()) return at_;
    }
    if (is("eE")) {
      ++i;
      if (is("+-")) ++i;
      if (!digits()) return at_;
    }
    return i;
  }
  bool escape(std::string& value) {
    const std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
    if (++at_ >= text_.size()) return refuse("the string does not end");
    const std::size_t plain = from.find(text_[at_]);
    if (plain != std::string_view::npos) {
      value += to[plain];
      return true;
    }
    unsigned code = 0;
    if (text_[at_] != 'u' || !four_digits(code)) return refuse("an escape that there is not");
    if (code >= 0xd800 && code < 0xdc00) { // the first half of a pair
      unsigned low = 0;
      if (text_.substr(at_ + 1, 2) != "\\u") return refuse("half of a surrogate pair");
      at_ += 2;
      if (!four_digits(low) || low < 0xdc00 || low > 0xdfff) return refuse("half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
      return refuse("half of a surrogate pair");
    }
    const auto put = [&](unsigned byte) { value += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xc0 | code >> 6);
      put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      put(0xe0 | code >> 12);
      put(0x80 | (code >> 6 & 0x3f));
      put(0x80 | (code & 0x3f));
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
      put(0x80 | (code >> 6 & 0x3f));
      put(0x80 | (code & 0x3f));
    }
    return true;
  }
  /// The digits behind \u; ends on the last of them.
  bool four_digits(unsigned& code) {
    const std::string_view digits = text_.substr(at_ + 1, 4);
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 4 || error != std::errc{} || stop != digits.data() + 4) return false;
    at_ += 4;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool first_ = false;
  std::string fault_;
};

} // namespace HEED_ISA
} // namespace heed
