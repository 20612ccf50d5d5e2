// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// From logits to the next token.
#include "vocabulary.hpp"

#include <random>
#include <span>

namespace llama {

/// Temperature 0 takes the greatest logit, the first of equals; otherwise token i is drawn with probability
/// proportional to exp(logit / temperature).
///
/// Determinism   the same seed draws the same tokens from the same logits, on any machine
class sampler {
public:
  sampler(double temperature, std::uint64_t seed) : temperature_(temperature), random_(seed) {}
  [[nodiscard]] token_t next(std::span<const float> logits);

private:
  double temperature_;
  std::mt19937_64 random_;
  std::vector<double> sums_;
};

} // namespace llama
