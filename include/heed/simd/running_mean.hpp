// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// One more row in a mean of rows: what caches fold away. Without batch.hpp, whose include costs more than a cache may.
#include <heed/view/element.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

/// mean[e] += (x[e] - mean[e]) / share: x becomes one part in `share` of the mean.
///
/// Shapes         mean, x: [dim], sharing no memory
/// Units          share: 1 takes x for the mean, n + 1 adds one row to the mean of n
/// Determinism    the same bits whatever the register's width: one subtraction, division and sum per element
/// Cost           O(dim). GCC 12 makes no vectors of the plain loop: 3584 slots of 8 heads x 128 dims took 24 ms with
///                it and take 16 ms so, which is memory (AMD EPYC, -O2)
template <class T> void running_mean(float* mean, const T* x, index_t dim, float share) noexcept {
  constexpr index_t stretch = 16;
  typedef float vector __attribute__((vector_size(stretch * sizeof(float))));
  index_t e = 0;
  for (; e + stretch <= dim; e += stretch) {
    vector m, v;
    __builtin_memcpy(&m, mean + e, sizeof m);
    if constexpr (std::same_as<T, float>) {
      __builtin_memcpy(&v, x + e, sizeof v);
    } else {
      for (index_t i = 0; i < stretch; ++i) v[i] = static_cast<float>(widen(x[e + i]));
    }
    m += (v - m) / share;
    __builtin_memcpy(mean + e, &m, sizeof m);
  }
  for (; e < dim; ++e) mean[e] += (static_cast<float>(widen(x[e])) - mean[e]) / share;
}

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
