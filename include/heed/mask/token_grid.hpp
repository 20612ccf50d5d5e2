// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A grid of tokens in row-major order, with the windows along its axes.
#include <heed/mask/grid_axis.hpp>
#include <heed/mask/per_axis.hpp>

namespace heed {

/// Axes, slowest first, and the positions that the grid takes: [first, first + size).
template <int Rank> struct token_grid {
  grid_axis axis[Rank];
  index_t first = 0;

  [[nodiscard]] HEED_INLINE constexpr index_t size() const noexcept {
    index_t n = 1;
    for (const grid_axis& a : axis) n *= a.length;
    return n;
  }
  [[nodiscard]] HEED_INLINE constexpr bool holds(index_t position) const noexcept {
    return position >= first && position - first < size();
  }
  [[nodiscard]] HEED_INLINE constexpr per_axis<Rank> place(index_t position) const noexcept {
    per_axis<Rank> c;
    index_t rest = position - first;
    for (int a = Rank - 1; a > 0; --a) {
      c[a] = rest % axis[a].length;
      rest /= axis[a].length;
    }
    c[0] = rest;
    return c;
  }
  [[nodiscard]] HEED_INLINE constexpr index_t position(const per_axis<Rank>& c) const noexcept {
    index_t p = c[0];
    for (int a = 1; a < Rank; ++a) p = p * axis[a].length + c[a];
    return first + p;
  }
  [[nodiscard]] HEED_INLINE constexpr bool whole() const noexcept {
    bool all = true;
    for (const grid_axis& a : axis) all = all && a.whole();
    return all;
  }
};

/// Coordinates of positions that mostly go up in small steps: additions in place of divisions.
template <int Rank> class grid_walk {
public:
  HEED_INLINE explicit constexpr grid_walk(const token_grid<Rank>& g) noexcept : grid_(g) {}

  /// Requires  the grid holds the position
  HEED_INLINE constexpr const per_axis<Rank>& go(index_t position) noexcept {
    const index_t step = position - at_;
    const index_t last = grid_.axis[Rank - 1].length;
    if (at_ < 0 || step < 0 || step > 2 * last) {
      c_ = grid_.place(position);
    } else {
      c_[Rank - 1] += step;
      for (int a = Rank - 1; a > 0; --a)
        while (c_[a] >= grid_.axis[a].length) {
          c_[a] -= grid_.axis[a].length;
          ++c_[a - 1];
        }
    }
    at_ = position;
    return c_;
  }

private:
  const token_grid<Rank>& grid_;
  index_t at_ = -1;
  per_axis<Rank> c_;
};

} // namespace heed
