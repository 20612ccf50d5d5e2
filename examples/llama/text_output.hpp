// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Text for JSON and a line of progress for terminals.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llama {

/// A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD, so that the result always is.
[[nodiscard]] std::string json_text(std::string_view text);
/// A JSON array of numbers.
[[nodiscard]] std::string json_numbers(const std::vector<std::int32_t>& numbers);
/// A JSON number with 1 decimal; 0 for what is not finite.
[[nodiscard]] std::string json_number(double x);

/// One line on standard error that is overwritten in place; nothing where standard error is no terminal.
class progress_line {
public:
  progress_line();
  ~progress_line() { clear(); }
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  void show(const std::string& text);
  void clear();

private:
  bool terminal_ = false;
  std::size_t shown_ = 0;
};

} // namespace llama
