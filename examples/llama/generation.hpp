// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Continues several texts at once: prompts in chunks and single tokens of other texts in the same step.
#include "engine.hpp"
#include "sampler.hpp"

#include <deque>
#include <functional>

namespace llama {

struct request {
  std::vector<token_t> prompt;
  index_t tokens = 0; ///< at most; the vocabulary's end token ends a text earlier
  double temperature = 0;
  std::uint64_t seed = 0;
  index_t late = 0; ///< last tokens of the prompt that come once the cache has evicted what it wants of the others
};

/// What a run costs. Seconds of a step count for prompts and for continuations in proportion to their rows.
struct generation_speed {
  double prefill_seconds = 0, decode_seconds = 0;
  index_t prefill_tokens = 0, decode_tokens = 0;
  index_t bytes_at_end = 0; ///< of keys and values, when the last text ended

  [[nodiscard]] double prefill_per_s() const noexcept { return rate(prefill_tokens, prefill_seconds); }
  [[nodiscard]] double decode_per_s() const noexcept { return rate(decode_tokens, decode_seconds); }

private:
  [[nodiscard]] static double rate(index_t n, double seconds) noexcept {
    return seconds > 0 ? static_cast<double>(n) / seconds : 0;
  }
};

/// What happens while texts grow. Any of them may be empty.
struct generation_events {
  std::function<void(std::size_t request, token_t)> token;
  /// A text is whole, and the cache still holds it in that place.
  std::function<void(std::size_t request, index_t sequence)> ended;
  /// Prompt tokens read so far, of all requests.
  std::function<void(index_t read, index_t all)> progress;
};

struct generation_limits {
  index_t sequences = 1; ///< texts at once, at most as the cache was built for
  index_t chunk = 256;   ///< prompt tokens of one text in one step
};

/// The continuation of each request. As many as there is room for run at once, and the next begins when one ends.
///
/// Requires      prompts that are not empty; a cache without sequences
/// Determinism   a continuation does not depend on the other requests
[[nodiscard]] std::vector<std::vector<token_t>> generate(engine& run, kv_cache& cache, const vocabulary& words,
                                                         const std::vector<request>& requests,
                                                         const generation_limits& limits, generation_speed& speed,
                                                         const generation_events& events = {});

} // namespace llama
