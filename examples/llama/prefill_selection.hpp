// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Prompts read through block lists that one of heed's selectors makes, and how good these lists were.
#include "cache.hpp"

namespace llama {

/// "proxy_attn", "anchor_attn", "xattention" or "vertical_slash" with keys; blocks, groups and minima fit prompts of a
/// few hundred tokens. Throws usage_error
[[nodiscard]] setting parse_prefill(const std::string& text);

/// Chunks of a prompt have to be a multiple of this, or the whole prompt.
[[nodiscard]] index_t chunk_unit(const setting& prefill);

/// Means over all layers, chunks and heads: the share of dense attention's mass that the kept keys have (on some rows
/// of each chunk), the share of its pairs that were computed, and the estimate's work over that of dense attention.
struct selection_report {
  double recall = 0, density = 0, estimate = 0;
  index_t selections = 0;
};

enum class selection_checks : bool { off, on };

/// One sequence, all its tokens, of float. Steps of more than one row attend to what the selector keeps; single rows to
/// everything.
///
/// Determinism   as the selector: chunks change what is kept
class selecting_cache : public kv_cache {
public:
  /// Recall needs dense attention of some rows besides, so it is measured only with checks.
  [[nodiscard]] virtual selection_report report() const = 0;
};

/// Throws usage_error where the selector refuses the setting, or `chunk` does not fit it
[[nodiscard]] std::unique_ptr<selecting_cache> make_selecting_cache(const model_shape& shape,
                                                                    const cache_options& options,
                                                                    const setting& prefill, selection_checks checks,
                                                                    heed::thread_pool& pool);

} // namespace llama
