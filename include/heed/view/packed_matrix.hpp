// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A matrix laid out for products with rows: what a weight of a model is turned into once.
#include <heed/view/tensor_view.hpp>

namespace heed {

/// Maps a row of `in` numbers to one of `out`. Outputs stand in panels, so that a product reads the matrix in address
/// order with any vector width. Never owns.
///
/// Shapes    panels: [ceil(out / width)][in][width], zeros behind out
template <class T> struct packed_matrix {
  static constexpr index_t width = 32; ///< a multiple of every instruction set's vector; 128 and 512 fill it whole
  const T* panels = nullptr;
  index_t in = 0, out = 0;

  /// Numbers that a matrix takes; the caller checks that they fit 64 bits.
  [[nodiscard]] static HEED_INLINE constexpr index_t numbers(index_t in, index_t out) noexcept {
    return (out + width - 1) / width * width * in;
  }
  /// Where the column of output o starts; its inputs follow at a step of `width`.
  [[nodiscard]] HEED_INLINE const T* column(index_t o) const noexcept {
    return panels + o / width * width * in + o % width;
  }
};

/// Which axis of a stored matrix comes first: [out][in], as model files keep weights, or [in][out].
enum class matrix_order : unsigned char { out_in, in_out };

/// Packs a matrix into `to`, packed_matrix<T>::numbers(in, out) numbers that share no memory with it.
template <class T>
HEED_INLINE packed_matrix<T> pack_matrix(const tensor_view<const T, 2>& from, matrix_order order, T* to) noexcept {
  const bool rows_are_outputs = order == matrix_order::out_in;
  const index_t out = from.extent(rows_are_outputs ? 0 : 1), in = from.extent(rows_are_outputs ? 1 : 0);
  constexpr index_t width = packed_matrix<T>::width;
  T* at = to;
  for (index_t first = 0; first < out; first += width)
    for (index_t i = 0; i < in; ++i)
      for (index_t o = first; o < first + width; ++o)
        *at++ = o >= out ? T{} : rows_are_outputs ? from(o, i) : from(i, o);
  return {to, in, out};
}

} // namespace heed
