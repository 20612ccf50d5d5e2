// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The numbers that head scores are made of: what one row of attention, or one output, says.
#include "needle/prompts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

namespace profile {

using needle::index_t;
using needle::token_t;

/// What a row gives to the `n` slots from `first` on.
[[nodiscard]] inline double mass_on(const float* row, index_t first, index_t n) {
  return std::accumulate(row + first, row + first + n, 0.);
}

/// Adds to each head's score its mass on the fact, times how many of the fact's tokens are the one said.
///
/// Shapes    score, mass: [heads]
/// Source    Lin et al. 2025, CompressKV, its detection script; the paper has an indicator instead of the count
inline void add_retrieval(std::span<double> score, std::span<const double> mass, std::span<const token_t> fact,
                          token_t said) {
  const auto times = static_cast<double>(std::count(fact.begin(), fact.end(), said));
  for (std::size_t i = 0; i < score.size(); ++i) score[i] += times * mass[i];
}

/// What one query looks at where `length` tokens repeat and the model's first token stands before them.
struct repetition_mass {
  double echo = 0, induction = 0;
};
/// Echo: on earlier copies of the query's token. Induction: on the tokens behind these.
///
/// Shapes    row: the probabilities of the query at position `query` >= length, over the positions up to it
[[nodiscard]] inline repetition_mass mass_on_copies(const float* row, index_t query, index_t length) {
  repetition_mass m;
  for (index_t j = query - length; j > 0; j -= length) {
    m.echo += static_cast<double>(row[j]);
    m.induction += static_cast<double>(row[j + 1]);
  }
  return m;
}

/// The mean of the running sum of a row of probabilities: even 0.5, all on the first 1, all on the last of n 1 / n.
[[nodiscard]] inline double mean_running_sum(const float* row, index_t n) {
  double running = 0, sum = 0;
  for (index_t t = 0; t < n; ++t) sum += running += static_cast<double>(row[t]);
  return sum / static_cast<double>(n);
}

/// The greatest that any row gave to each slot so far.
inline void raise_to(std::span<float> greatest, const float* row) {
  std::transform(greatest.begin(), greatest.end(), row, greatest.begin(),
                 [](float a, float b) { return std::max(a, b); });
}

/// |a - b| / (|b| + 1e-5), by the root of the sum of squares.
///
/// Source    Lin et al. 2025, CompressKV: the error of a layer's output with its cache nearly emptied
[[nodiscard]] inline double relative_distance(std::span<const float> a, std::span<const float> b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    difference += (x - y) * (x - y);
    norm += y * y;
  }
  return std::sqrt(difference) / (std::sqrt(norm) + 1e-5);
}

/// Divides by the sum (and 1e-12, as in the source).
inline void make_shares(std::span<double> errors) {
  const double sum = std::accumulate(errors.begin(), errors.end(), 1e-12);
  for (double& x : errors) x /= sum;
}

} // namespace profile
