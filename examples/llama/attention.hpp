// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The one place where this program computes attention: heed does.
#include "cache.hpp"

#include <heed/attention.hpp>
#include <heed/mask/all_of.hpp>
#include <heed/mask/any_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/first_keys.hpp>
#include <heed/mask/sliding_window.hpp>

namespace llama {

/// What is decided once for all layers and steps: heed's plan, and the memory that a run needs.
class attention_plan {
public:
  /// kv: a source like those of the runs; its buffers may still be empty.
  template <class Source, class Mask>
  attention_plan(heed::thread_pool& pool, const heed::batch_shape& limits, const Source& kv, const Mask& mask)
      : pool_(pool), plan_(heed::make_plan(limits, kv, mask, heed::prompt_rows{})),
        workspace_(static_cast<std::size_t>(plan_.workspace_bytes(pool.workers()))) {}

  /// o = attention of the packed queries over the keys that `kv` holds by now.
  ///
  /// Shapes    q [tokens][q_heads][key_dim], o [tokens][q_heads][value_dim]
  template <class Source, class... Role>
  void run(const model_shape& s, const step_rows& rows, const float* q, const Source& kv, float* o,
           const Role&... roles) {
    const index_t tokens = rows.offsets.back();
    const auto queries = heed::ragged(heed::view(q, tokens, s.q_heads, s.key_dim), rows.offsets);
    const auto outputs = heed::ragged(heed::view(o, tokens, s.q_heads, s.value_dim), rows.offsets);
    const heed::prompt_rows prompts =
        rows.of_prompt.empty() ? heed::prompt_rows::none() : heed::prompt_rows::listed(rows.of_prompt);
    heed::expect(heed::run(pool_, plan_, queries, kv, outputs, workspace_, prompts, roles...));
  }

  [[nodiscard]] std::string text() const { return heed::explain(plan_, pool_.workers()).c_str(); }

private:
  heed::thread_pool& pool_;
  heed::plan plan_;
  std::vector<std::byte> workspace_;
};

/// What a query of a policy other than full sees: of the past only the sinks and the window.
inline auto kept_keys(const policy& p) noexcept {
  return heed::all_of(heed::causal{}, heed::any_of(heed::first_keys{p.sinks}, heed::sliding_window{p.window - 1, 0}));
}

/// Stores `count` numbers as T, rounded to nearest.
template <class T> void store(const float* from, index_t count, T* to) noexcept {
  for (index_t i = 0; i < count; ++i) to[i] = heed::narrow<T>(from[i]);
}

} // namespace llama
