// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the examples check themselves with: random numbers, and attention of one query row as a plain loop in double.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

namespace plain {

using index_t = std::ptrdiff_t;

/// Numbers in [-1, 1), the same in every run.
inline std::vector<float> numbers(index_t n, std::uint64_t seed) {
  std::vector<float> x(static_cast<std::size_t>(n));
  for (float& e : x) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    e = static_cast<float>(static_cast<std::int32_t>(seed >> 32)) * 0x1p-31f;
  }
  return x;
}

/// One query row over `keys` keys. key(j), value(j): pointers to rows; score(x, j): what becomes of a scaled score,
/// -inf hides the key.
template <class Key, class Value, class Score>
std::vector<double> attend(const float* q, index_t key_dim, index_t value_dim, index_t keys, Key key, Value value,
                           Score score) {
  std::vector<double> x(static_cast<std::size_t>(keys)), o(static_cast<std::size_t>(value_dim));
  double top = -std::numeric_limits<double>::infinity(), sum = 0;
  for (index_t j = 0; j < keys; ++j) {
    double dot = 0;
    for (index_t d = 0; d < key_dim; ++d) dot += static_cast<double>(q[d]) * static_cast<double>(key(j)[d]);
    x[static_cast<std::size_t>(j)] = score(dot / std::sqrt(static_cast<double>(key_dim)), j);
    top = std::fmax(top, x[static_cast<std::size_t>(j)]);
  }
  if (!(top > -std::numeric_limits<double>::infinity())) return o;
  for (double& e : x) sum += e = std::exp(e - top);
  for (index_t j = 0; j < keys; ++j)
    for (index_t d = 0; d < value_dim; ++d)
      o[static_cast<std::size_t>(d)] += x[static_cast<std::size_t>(j)] / sum * static_cast<double>(value(j)[d]);
  return o;
}
template <class Key, class Value>
std::vector<double> attend(const float* q, index_t key_dim, index_t value_dim, index_t keys, Key key, Value value) {
  return attend(q, key_dim, value_dim, keys, key, value, [](double x, index_t) { return x; });
}

/// The larger of `worst` and the distances between a row and what heed wrote.
inline double furthest(double worst, const std::vector<double>& row, const float* got) {
  for (std::size_t d = 0; d < row.size(); ++d)
    worst = std::fmax(worst, std::fabs(row[d] - static_cast<double>(got[d])));
  return worst;
}

/// Prints one line; the exit code of the example. Outputs are averages of numbers below 1, so 1e-5 is 84 ulp of 1.
inline int verdict(const char* example, double worst) {
  const bool good = worst <= 1e-5;
  std::printf("%s: differs from a plain loop in double by at most %.1e: %s\n", example, worst, good ? "good" : "WRONG");
  return good ? 0 : 1;
}

} // namespace plain
