// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What a cache keeps, and how it is stored, as the command line names them.
#include "setting.hpp"

namespace llama {

/// Which tokens a cache keeps. full: all. window and streaming: what a query sees, the last `window` tokens with its
/// own, and the first `sinks`. The others choose by attention, or by heads: their keys stand in `how`.
struct policy {
  enum class kind {
    full,
    window,
    streaming,
    h2o,
    tova,
    snap_kv,
    pyramid_kv,
    ada_kv,
    compress_kv,
    duo_attention,
    razor_attention
  };
  kind rule = kind::full;
  index_t sinks = 0, window = 0; ///< of window and streaming; of a budget in tokens once it is resolved
  setting how = {};

  [[nodiscard]] bool keeps_all() const noexcept { return rule == kind::full; }
  /// Every query sees the same: sinks and a window.
  [[nodiscard]] bool is_windowed() const noexcept { return rule == kind::window || rule == kind::streaming; }
  /// Heads or layers go by what heed_profile found out.
  [[nodiscard]] bool needs_profile() const noexcept { return rule >= kind::compress_kv; }
  [[nodiscard]] std::string name() const { return rule == kind::full ? "full" : how.name(); }
  /// The form that parse_policy reads.
  [[nodiscard]] std::string text() const { return rule == kind::full ? "full" : how.text(); }
  /// The same without what keys have by themselves.
  [[nodiscard]] std::string short_text() const { return rule == kind::full ? "full" : how.short_text(); }
  /// With sinks and window in tokens, for prompts of this length.
  [[nodiscard]] policy resolved(index_t prompt_tokens) const;
};

/// "full", "streaming:sinks=4,window=252", "snap_kv:budget=0.1" ...; keys left out have fallbacks. budget=256 are
/// tokens of a key-value head on average, budget=0.1 is a fraction of the prompt.
/// Throws usage_error
[[nodiscard]] policy parse_policy(const std::string& text);
[[nodiscard]] std::vector<std::string> policy_names();

enum class cache_layout { contiguous, paged };
enum class kv_type { f32, f16, bf16 };
[[nodiscard]] cache_layout parse_layout(const std::string& text);
[[nodiscard]] kv_type parse_kv_type(const std::string& text);

} // namespace llama
