// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Small text files, whole: read, written, and numbers as text that reads back to the same bits.
#include <heed/config.hpp>

#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

namespace heed {
inline namespace HEED_ISA {

/// parse(text) says what is wrong with a file's text, or nothing. The message starts with the path.
///
/// Requires  at most 64 MiB
template <class Parse> [[nodiscard]] std::string read_text_file(const std::string& path, const Parse& parse) {
  constexpr std::streamoff most = std::streamoff{64} << 20;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return path + ": cannot be opened";
  const std::streamoff size = file.tellg();
  if (size < 0) return path + ": cannot be read";
  if (size > most) return path + ": has " + std::to_string(size) + " bytes, the most is " + std::to_string(most);
  std::string text(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  if (!file.read(text.data(), size)) return path + ": cannot be read";
  const std::string fault = parse(std::string_view(text));
  return fault.empty() ? fault : path + ": " + fault;
}

/// Empty: written.
[[nodiscard]] inline std::string write_text_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) return path + ": cannot be opened for writing";
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  return file ? std::string() : path + ": could not be written";
}

/// The shortest text that reads back to the same number.
template <class T> [[nodiscard]] std::string number_text(T x) {
  char buffer[40];
  const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, x);
  return code == std::errc{} ? std::string(buffer, end) : std::string("0");
}

/// A string as JSON wants it.
[[nodiscard]] inline std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      const char* const digits = "0123456789abcdef";
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

} // namespace HEED_ISA
} // namespace heed
