// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Keys and values of all layers for some sequences, and the attention over them.
#include "head_profile.hpp"
#include "model.hpp"
#include "policy.hpp"

#include <memory>

namespace llama {

/// Which cache to build.
struct cache_options {
  policy keep;
  cache_layout layout = cache_layout::contiguous;
  kv_type type = kv_type::f32;
  index_t page = 16;                                ///< tokens per page
  index_t sequences = 1;                            ///< at once; more than one needs pages
  index_t max_tokens = 0;                           ///< of one sequence, prompt and continuation
  index_t prompt_tokens = 0;                        ///< of the longest prompt, what fractions are of; 0: as max_tokens
  index_t max_step = 0;                             ///< new tokens of one sequence in one step
  std::shared_ptr<const head_profile> profile = {}; ///< of policies that go by heads
};

/// Rows that a sequence needs in each layer once it is as long as it gets; pages and the tokens of a step come on top.
[[nodiscard]] inline index_t kept_rows(const cache_options& o) noexcept {
  const index_t kept = o.keep.sinks + o.keep.window;
  return !o.keep.is_windowed() || kept > o.max_tokens ? o.max_tokens : kept;
}

/// Where the new tokens of each sequence lie in a step, and whose are a piece of a prompt: those take one kernel
/// however few they are, so that a prompt has the same bits whole and in pieces.
///
/// Shapes    offsets [sequences + 1]; of_prompt [sequences], not 0 where it is one; empty: nowhere
struct step_rows {
  std::vector<index_t> offsets = {};
  std::vector<unsigned char> of_prompt = {};
};

/// A step brings some new tokens of each sequence, packed: begin_step reserves their places, attend stores their keys
/// and values layer by layer and computes the attention of their queries.
///
/// Shapes    q [tokens][q_heads][key_dim], k [tokens][kv_heads][key_dim], v [tokens][kv_heads][value_dim],
///           o [tokens][q_heads][value_dim]
class kv_cache {
public:
  kv_cache() = default;
  virtual ~kv_cache() = default;
  kv_cache(const kv_cache&) = delete;
  kv_cache& operator=(const kv_cache&) = delete;

  /// Tokens of a sequence so far: the position of its next one.
  [[nodiscard]] virtual index_t seen(index_t sequence) const = 0;
  /// A sequence begins, and its prompt will have so many tokens. Throws usage_error where the policy can't work on it
  virtual void expect(index_t /*sequence*/, index_t /*prompt_tokens*/) {}
  virtual void begin_step(const step_rows& rows) = 0;
  virtual void attend(index_t layer, const float* q, const float* k, const float* v, float* o) = 0;
  virtual void end_step() = 0;
  /// Forgets a sequence; its places serve another.
  virtual void release(index_t sequence) = 0;
  /// What keys and values occupy, at most until now: pages in use, or whole buffers.
  [[nodiscard]] virtual index_t bytes() const = 0;
  /// The same by now.
  [[nodiscard]] virtual index_t bytes_held() const { return bytes(); }
  /// Positions of the tokens that a head holds; empty where the cache does not say.
  [[nodiscard]] virtual std::vector<index_t> held_positions(index_t /*sequence*/, index_t /*layer*/,
                                                            index_t /*kv_head*/) const {
    return {};
  }
  /// Which kernel runs, in words.
  [[nodiscard]] virtual std::string kernel() const = 0;
};

/// Throws usage_error where the options contradict each other, or ask for more memory than the machine has.
[[nodiscard]] std::unique_ptr<kv_cache> make_cache(const model_shape& shape, const cache_options& options,
                                                   heed::thread_pool& pool);

} // namespace llama
