// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a cache keeps, and how it is stored, as the command line names them.
#include <cstddef>
#include <stdexcept>
#include <string>

namespace llama {

using index_t = std::ptrdiff_t;

/// A command line that can't be obeyed; the text says what there is instead.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Which tokens a query sees, and so which the cache has to keep: all before it (full); the first `sinks` and the last
/// `window` with its own (streaming); the last `window` (window, sinks 0).
struct policy {
  enum class kind { full, streaming, window };
  kind rule = kind::full;
  index_t sinks = 0, window = 0;

  [[nodiscard]] bool keeps_all() const noexcept { return rule == kind::full; }
  /// The form that parse_policy reads.
  [[nodiscard]] std::string text() const;
};

/// "full", "streaming:sinks=4,window=252", "window:window=256"; keys left out have these values.
/// Throws usage_error
[[nodiscard]] policy parse_policy(const std::string& text);

enum class cache_layout { contiguous, paged };
enum class kv_type { f32, f16, bf16 };
[[nodiscard]] cache_layout parse_layout(const std::string& text);
[[nodiscard]] kv_type parse_kv_type(const std::string& text);

/// A whole number in [least, most]; `what` is named in the message. Throws usage_error
[[nodiscard]] index_t parse_count(const std::string& what, const std::string& text, index_t least, index_t most);
/// A number in [least, most]. Throws usage_error
[[nodiscard]] double parse_number(const std::string& what, const std::string& text, double least, double most);

} // namespace llama
