// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Rows times a packed matrix.
#include <heed/simd/batch.hpp>
#include <heed/view/packed_matrix.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace simd {

/// `Rows` rows times `Vectors` vectors of outputs from o on, of which `live` outputs are stored.
template <class A, class TW, class TX, class TO, int Rows, int Vectors>
HEED_NOINLINE void product_tile(const packed_matrix<TW>& w, index_t o, index_t live, const TX* const* x,
                                TO* const* out) noexcept {
  using vector = batch<A>;
  constexpr int lanes = static_cast<int>(vector::lanes), width = static_cast<int>(packed_matrix<TW>::width);
  constexpr int panels = (Vectors * lanes + width - 1) / width;
  const TW* column[panels];
  const TX* row[Rows];
  heed::detail::unroll<panels>([&](auto p) HEED_BODY { column[p] = w.column(o + p * width); });
  heed::detail::unroll<Rows>([&](auto r) HEED_BODY { row[r] = x[r]; });
  vector sum[Rows * Vectors];
  heed::detail::unroll<Rows * Vectors>([&](auto i) HEED_BODY { sum[i] = vector(A(0)); });
  for (index_t i = 0, n = w.in; i < n; ++i) {
    vector weight[Vectors];
    heed::detail::unroll<Vectors>([&](auto v) HEED_BODY {
      weight[v] = vector::widen(column[v * lanes / width] + i * width + v * lanes % width);
    });
    heed::detail::unroll<Rows>([&](auto r) HEED_BODY {
      const vector number = vector::broadcast(row[r] + i);
      heed::detail::unroll<Vectors>(
          [&](auto v) HEED_BODY { sum[r * Vectors + v] = fma(number, weight[v], sum[r * Vectors + v]); });
    });
  }
  heed::detail::unroll<Rows>([&](auto r) HEED_BODY {
    heed::detail::unroll<Vectors>([&](auto v) HEED_BODY {
      const index_t left = live - v * lanes;
      if (left >= lanes)
        sum[r * Vectors + v].narrow_to(out[r] + o + v * lanes);
      else if (left > 0)
        sum[r * Vectors + v].narrow_first(out[r] + o + v * lanes, left);
    });
  });
}

template <class A, class TW, class TX, class TO, int Rows>
HEED_INLINE void product_rows(const packed_matrix<TW>& w, const TX* const* x, TO* const* out) noexcept {
  // 16 accumulators keep two multiply-add units of latency 4 busy and leave room in 32 registers, 8 in 16.
#if defined(HEED_ISA_AVX512) || defined(HEED_ISA_NEON)
  constexpr int wide = Rows >= 8 ? 2 : Rows == 4 ? 4 : 8;
#else
  constexpr int wide = Rows >= 4 ? 2 : Rows == 2 ? 4 : 8;
#endif
  constexpr index_t lanes = batch<A>::lanes, width = packed_matrix<TW>::width;
  static_assert(width % (2 * lanes) == 0);
  const index_t padded = (w.out + width - 1) / width * width;
  index_t o = 0;
  for (; o + wide * lanes <= padded; o += wide * lanes)
    product_tile<A, TW, TX, TO, Rows, wide>(w, o, w.out - o, x, out);
  if constexpr (wide > 2)
    for (; o < w.out; o += 2 * lanes) product_tile<A, TW, TX, TO, Rows, 2>(w, o, w.out - o, x, out);
}

/// out[t][o] = sum_i x[t][i] w(i, o), added by fma in ascending i from 0.
///
/// Shapes       x: [rows] pointers to w.in elements, read in place; out: [rows] pointers to w.out elements; they share
///              no memory
/// Determinism  a row's bits depend on the row, the matrix and whether the machine fuses, and not on the rows beside it
/// Error        w.in 2^-24 sum_i |x_i w_i| for float
template <class A, class TW, class TX, class TO>
HEED_NOINLINE void row_products(const packed_matrix<TW>& w, const TX* const* x, TO* const* out, index_t rows) noexcept {
  index_t t = 0;
#if defined(HEED_ISA_AVX512) || defined(HEED_ISA_NEON)
  for (; t + 8 <= rows; t += 8) product_rows<A, TW, TX, TO, 8>(w, x + t, out + t);
#endif
  for (; t + 4 <= rows; t += 4) product_rows<A, TW, TX, TO, 4>(w, x + t, out + t);
  for (; t + 2 <= rows; t += 2) product_rows<A, TW, TX, TO, 2>(w, x + t, out + t);
  if (t < rows) product_rows<A, TW, TX, TO, 1>(w, x + t, out + t);
}

} // namespace simd
} // namespace HEED_ISA
} // namespace heed
