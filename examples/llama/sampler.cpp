// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "sampler.hpp"

#include <algorithm>
#include <cmath>

namespace llama {

token_t sampler::next(std::span<const float> logits) {
  // A NaN is never greater, so the result is a token whatever a broken model answers.
  std::size_t best = 0;
  for (std::size_t i = 1; i < logits.size(); ++i)
    if (logits[i] > logits[best] || logits[best] != logits[best]) best = i;
  if (temperature_ == 0) return static_cast<token_t>(best);

  sums_.resize(logits.size());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double p = std::exp((static_cast<double>(logits[i]) - static_cast<double>(logits[best])) / temperature_);
    sums_[i] = sum += p > 0 ? p : 0;
  }
  const double drawn = static_cast<double>(random_() >> 11) * 0x1p-53 * sum;
  const auto it = std::upper_bound(sums_.begin(), sums_.end(), drawn);
  return it == sums_.end() ? static_cast<token_t>(best) : static_cast<token_t>(it - sums_.begin());
}

} // namespace llama
