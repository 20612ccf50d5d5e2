// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Rotary position embedding: which dims turn, how far, and how pairs are laid out.
#include <heed/rope/rope_scaling.hpp>

namespace heed {

/// Which dims form the pair l: (2l, 2l + 1) (GPT-J, ggml's normal mode, DeepSeek) or (l, l + dims / 2) (NeoX, Hugging
/// Face).
enum class rope_layout : unsigned char { interleaved, half };

/// Pair l of a row at position p turns by the angle p theta^(-2l / dims): (x, y) becomes (x cos - y sin, y cos + x
/// sin). Dims from `dims` on pass through.
///
/// Requires  dims >= 0 and even; theta finite and above 1; else errc::bad_value
/// Source    Su et al. 2021, RoFormer
struct rope {
  index_t dims = 0;
  rope_layout layout = rope_layout::half;
  double theta = 10000;
  rope_scaling scaling = {};

  /// Radians per position of pair l < dims / 2, scaling included.
  [[nodiscard]] HEED_INLINE double frequency(index_t l) const noexcept {
    const double plain = __builtin_pow(theta, -2 * static_cast<double>(l) / static_cast<double>(dims));
    return scaling.frequency(plain, l, dims, theta);
  }

  [[nodiscard]] HEED_INLINE failure check() const noexcept {
    if (dims < 0 || dims % 2 != 0) return {errc::bad_value, "rope", "dims", dims, "must be even and at least", 0};
    if (!(theta > 1) || !detail::is_finite(theta))
      return {errc::bad_value, "rope", "theta", theta, "must be finite and above", 1};
    return scaling.check(dims);
  }
};

/// Where dim i of a row in layout `to` comes from in a row in layout `from`: gives the permutation of weights, of
/// queries and of keys. Dims from `dims` on stay.
HEED_INLINE index_t rope_source_dim(index_t i, index_t dims, rope_layout from, rope_layout to) noexcept {
  if (from == to || i >= dims) return i;
  const index_t half = dims / 2;
  return to == rope_layout::half ? (i < half ? 2 * i : 2 * (i - half) + 1) : (i % 2 == 0 ? i / 2 : half + i / 2);
}

} // namespace heed
