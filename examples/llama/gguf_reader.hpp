// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Takes the bytes of a GGUF file from the front, never more than there are. Private to gguf_*.cpp.
#include "gguf_file.hpp"

#include <cstring>

namespace llama {

template <class T> T load(const std::byte* p) noexcept {
  T x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

/// Names come from the file: keep control characters and absurd lengths off the terminal.
inline std::string quoted(std::string_view s) {
  std::string out = "\"";
  for (const char c : s.substr(0, 80)) out += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  return out + (s.size() > 80 ? "...\"" : "\"");
}

class gguf_file::reader {
public:
  reader(const gguf_file& file, std::span<const std::byte> bytes) : file_(file), bytes_(bytes) {}
  [[noreturn]] void fail(const std::string& what) const { file_.fail(what); }
  [[nodiscard]] std::uint64_t left() const noexcept { return bytes_.size() - at_; }
  [[nodiscard]] std::uint64_t at() const noexcept { return at_; }
  const std::byte* take(std::uint64_t n, const std::string& what) {
    if (n > left())
      fail(what + " needs " + std::to_string(n) + " bytes at " + std::to_string(at_) + ", but " +
           std::to_string(left()) + " are left");
    const std::byte* p = bytes_.data() + at_;
    at_ += n;
    return p;
  }
  template <class T> T read(const std::string& what) { return load<T>(take(sizeof(T), what)); }
  std::string_view text(const std::string& what) {
    const auto n = read<std::uint64_t>("the length of " + what);
    return {reinterpret_cast<const char*>(take(n, what)), static_cast<std::size_t>(n)};
  }

private:
  const gguf_file& file_;
  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
};

} // namespace llama
