// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Means of stored rows: the pooled queries and keys that estimates are made with.
#include <heed/simd/batch.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

/// out[d] = (x[0][d] + x[1][d] + ...) / count, added in ascending order, row i at first + i * stride.
///
/// Shapes    first: count rows of dim elements, stride in elements; out: [dim], shares no memory with them
/// Requires  count >= 1
template <class A, class T>
HEED_NOINLINE void mean_rows(const T* first, index_t stride, index_t count, index_t dim, A* out) noexcept {
  const batch<A> divisor(static_cast<A>(count));
  constexpr index_t lanes = batch<A>::lanes;
  for (index_t d = 0; d < dim; d += lanes) {
    const index_t n = lesser(lanes, dim - d);
    const T* row = first + d;
    batch<A> sum(A(0));
    for (index_t i = 0; i < count; ++i, row += stride)
      sum = sum + (n == lanes ? batch<A>::widen(row) : batch<A>::widen_first(row, n));
    (sum / divisor).store_first(out + d, n);
  }
}

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
