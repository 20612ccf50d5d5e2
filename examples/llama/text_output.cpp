// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "text_output.hpp"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <unistd.h>

namespace llama {
namespace {

/// Bytes of the well-formed UTF-8 character at the front, or 0 (overlong forms, surrogates, beyond U+10FFFF, cut).
std::size_t well_formed(std::string_view s) noexcept {
  const auto byte = [&](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(s[i]); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || s.size() < n) return 0;
  std::uint32_t code = first & (0x7fu >> n);
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  return code < least[n] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ? 0 : n;
}

} // namespace

std::string json_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t n = well_formed(text);
    const auto c = static_cast<unsigned char>(text[0]);
    if (n == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += text[0];
    } else if (c < 32) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return out + '"';
}

std::string json_numbers(const std::vector<std::int32_t>& numbers) {
  std::string out = "[";
  for (const std::int32_t x : numbers) out += (out.size() > 1 ? ", " : "") + std::to_string(x);
  return out + "]";
}

std::string json_number(double x) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f", std::isfinite(x) ? x : 0.);
  return text;
}

progress_line::progress_line() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void progress_line::show(const std::string& text) {
  if (!terminal_) return;
  const std::string padding(shown_ > text.size() ? shown_ - text.size() : 0, ' ');
  std::fprintf(stderr, "\r%s%s", text.c_str(), padding.c_str());
  std::fflush(stderr);
  shown_ = text.size();
}

void progress_line::clear() {
  if (shown_ == 0) return;
  std::fprintf(stderr, "\r%s\r", std::string(shown_, ' ').c_str());
  std::fflush(stderr);
  shown_ = 0;
}

} // namespace llama
