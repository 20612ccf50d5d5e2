// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Smooths scores along the tokens, so that the neighbours of a token that matters stay with it.
#include <heed/error.hpp>

namespace heed {

/// How scores are pooled along the slots. average counts the zeros beyond both ends in its divisor, so that edges are
/// attenuated; maximum leaves them out. Stride 1, centred.
///
/// Units     width in slots, odd; 1 changes nothing
/// Source    Li et al. 2024, SnapKV: a 1-D pooling layer with padding width / 2
struct pooling {
  enum class kind : unsigned char { average, maximum };
  static constexpr index_t most_width = 63;
  kind how = kind::average;
  index_t width = 1;

  [[nodiscard]] HEED_INLINE failure check(const char* argument) const noexcept {
    if (width < 1) return {errc::bad_value, argument, "pooling width", width, "the least is", 1};
    if (width > most_width) return {errc::bad_value, argument, "pooling width", width, "the most is", most_width};
    if (width % 2 == 0) return {errc::bad_value, argument, "pooling width", width, "which is even; the rest is", 0};
    return {};
  }
};

inline namespace HEED_ISA {

/// Pools scores in place.
///
/// Shapes       scores: [slots] of one head, the prefix only: neither the window nor evicted slots
/// Requires     p.check passes
/// Determinism  a slot's result is the sum of its neighbourhood in ascending order, divided by the width
/// Cost         O(slots * width), no memory
inline void pool(const pooling& p, std::span<float> scores) noexcept {
  const index_t n = static_cast<index_t>(scores.size()), half = p.width / 2;
  if (half == 0) return;
  // The last `width` inputs, by index modulo a power of two: a slot's inputs are read before all of them are gone.
  constexpr index_t ring = 64;
  float before[ring];
  for (index_t i = 0; i < lesser(n, half); ++i) before[i] = scores[static_cast<std::size_t>(i)];
  for (index_t i = 0; i < n; ++i) {
    if (i + half < n) before[(i + half) % ring] = scores[static_cast<std::size_t>(i + half)];
    const index_t first = greater(0, i - half), last = lesser(n - 1, i + half);
    float x = before[first % ring];
    if (p.how == pooling::kind::average) {
      for (index_t j = first + 1; j <= last; ++j) x += before[j % ring];
      x /= static_cast<float>(p.width);
    } else {
      for (index_t j = first + 1; j <= last; ++j) x = before[j % ring] > x ? before[j % ring] : x;
    }
    scores[static_cast<std::size_t>(i)] = x;
  }
}

} // namespace HEED_ISA
} // namespace heed
