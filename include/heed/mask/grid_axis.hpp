// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The window rule of neighborhood attention along one axis: shifted inside at borders, never shrunk.
#include <heed/concepts.hpp>

namespace heed {

/// One axis of a grid. A dilated axis is `dilation` separate axes, interleaved: coordinate c is number c / dilation of
/// group c % dilation. Stride and borders act inside a group.
///
/// Requires  1 <= stride <= window, 1 <= dilation, window * dilation <= length
/// Laws      a coordinate sees itself; both ends of the windows of a group ascend; a window that is not causal has
///           `window` keys everywhere; windows of neighbors in a group overlap or touch
/// Source    Hassani et al. 2023 (window); Hassani and Shi 2022 (dilation); Hassani et al. 2025, Generalized
///           Neighborhood Attention (stride: a group of `stride` queries shares the window of its leader)
struct grid_axis {
  index_t length = 1, window = 1, stride = 1, dilation = 1;
  bool causal = false;

  [[nodiscard]] HEED_INLINE constexpr index_t group(index_t c) const noexcept {
    return dilation == 1 ? 0 : c % dilation;
  }
  [[nodiscard]] HEED_INLINE constexpr index_t number(index_t c) const noexcept {
    return dilation == 1 ? c : c / dilation;
  }
  /// Coordinates in a group.
  [[nodiscard]] HEED_INLINE constexpr index_t group_length(index_t g) const noexcept {
    return dilation == 1 ? length : (length - g + dilation - 1) / dilation;
  }
  /// Numbers that number i of a group of n coordinates sees.
  [[nodiscard]] HEED_INLINE constexpr range numbers_seen(index_t i, index_t n) const noexcept {
    const index_t first = stride == 1 ? i : i / stride * stride;
    if (causal) {
      const index_t leader = lesser(first + stride - 1, n - 1);
      return {greater(leader - (window - 1), 0), i + 1};
    }
    const index_t leader = lesser(first + stride / 2, n - 1);
    const index_t begin = greater(0, lesser(leader - window / 2, n - window));
    return {begin, begin + window};
  }
  /// Numbers that coordinate c sees in its group.
  [[nodiscard]] HEED_INLINE constexpr range seen(index_t c) const noexcept {
    return numbers_seen(number(c), group_length(group(c)));
  }
  [[nodiscard]] HEED_INLINE constexpr bool allows(index_t q, index_t k) const noexcept {
    if (group(q) != group(k)) return false;
    const range r = seen(q);
    return number(k) >= r.begin && number(k) < r.end;
  }
  /// Every coordinate sees every other.
  [[nodiscard]] HEED_INLINE constexpr bool whole() const noexcept {
    return !causal && dilation == 1 && window == length;
  }
};

} // namespace heed
