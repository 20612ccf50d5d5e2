// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Query tiles on a grid: boxes of one dilation group, so that the windows of a tile's rows overlap.
#include <heed/mask/token_grid.hpp>

#include <span>

namespace heed {

/// Boxes of a grid: dilation groups outermost, then boxes in row-major order. A box at the end of an axis may be
/// smaller, in a short dilation group even empty.
template <int Rank> class query_boxes {
public:
  /// box: rows of a tile along each axis; 0: chosen for a tile of at most `capacity` rows.
  HEED_INLINE query_boxes(const token_grid<Rank>& g, const per_axis<Rank>& box, index_t capacity) noexcept
      : g_(g), box_(fits(box, capacity) ? box : chosen(g, capacity)) {
    for (int a = 0; a < Rank; ++a) {
      boxes_[a] = (g.axis[a].group_length(0) + box_[a] - 1) / box_[a];
      per_group_ *= boxes_[a];
      groups_ *= g.axis[a].dilation;
    }
  }
  [[nodiscard]] HEED_INLINE const per_axis<Rank>& box() const noexcept { return box_; }
  [[nodiscard]] HEED_INLINE index_t count() const noexcept { return groups_ * per_group_; }

  /// Writes the rows of tile i, `first` more than their place on the grid. Returns their count.
  HEED_INLINE index_t list(index_t i, index_t first, std::span<index_t> out) const noexcept {
    index_t group = groups_ == 1 ? 0 : i / per_group_, rest = groups_ == 1 ? i : i % per_group_;
    index_t begin[Rank], count[Rank], step[Rank];
    for (int a = Rank - 1; a >= 0; --a) {
      const grid_axis& axis = g_.axis[a];
      const index_t residue = a == 0 ? group : group % axis.dilation;
      const index_t from = (a == 0 ? rest : rest % boxes_[a]) * box_[a];
      group /= axis.dilation;
      rest /= boxes_[a];
      begin[a] = residue + from * axis.dilation;
      count[a] = lesser(box_[a], axis.group_length(residue) - from);
      step[a] = axis.dilation;
      if (count[a] <= 0) return 0;
    }
    index_t n = 0;
    const auto line = [&](index_t base) HEED_BODY {
      for (index_t x = 0; x < count[Rank - 1]; ++x)
        out[static_cast<std::size_t>(n++)] = base + begin[Rank - 1] + x * step[Rank - 1];
    };
    if constexpr (Rank == 1) {
      line(first);
    } else
      for (index_t y = 0; y < count[0]; ++y) {
        const index_t outer = (begin[0] + y * step[0]) * g_.axis[1].length;
        if constexpr (Rank == 2) {
          line(first + outer);
        } else
          for (index_t z = 0; z < count[1]; ++z) line(first + (outer + begin[1] + z * step[1]) * g_.axis[2].length);
      }
    return n;
  }

  /// Numbers along an axis that a box of b rows sees, on average over where it begins.
  [[nodiscard]] static HEED_INLINE index_t visited(const grid_axis& a, index_t b) noexcept {
    index_t g = b, s = a.stride;
    while (s != 0) {
      const index_t r = g % s;
      g = s;
      s = r;
    }
    const index_t more = a.causal ? b - a.stride + (a.stride - g) / 2 : b - g;
    return lesser(a.group_length(0), a.window + more);
  }

  /// Doubles or triples the axis where that adds least to the keys that a row's tile sees, until the capacity is used.
  /// heed::best_box tries all boxes.
  [[nodiscard]] static HEED_INLINE per_axis<Rank> chosen(const token_grid<Rank>& g, index_t capacity) noexcept {
    index_t left = 1;
    for (index_t three = 1; three <= capacity; three *= 3)
      for (index_t x = three; x <= capacity; x *= 2) left = greater(left, x);
    per_axis<Rank> box = 1;
    if constexpr (Rank == 1) {
      box[0] = lesser(capacity, g.axis[0].group_length(0));
    } else
      while (left > 1) {
        const index_t by = left % 3 == 0 ? 3 : 2;
        left /= by;
        int best = 0;
        double least = 0;
        for (int a = 0; a < Rank; ++a) {
          const index_t n = g.axis[a].group_length(0), grown = box[a] * by;
          const auto covered = [&](index_t b) HEED_BODY { return (n + b - 1) / b * b; };
          const double cost = static_cast<double>(visited(g.axis[a], grown) * covered(grown)) /
                              static_cast<double>(visited(g.axis[a], box[a]) * covered(box[a]));
          if (a == 0 || cost < least) {
            best = a;
            least = cost;
          }
        }
        box[best] *= by;
      }
    for (int a = 0; a < Rank; ++a) {
      const grid_axis& axis = g.axis[a];
      const index_t n = axis.group_length(0), s = axis.stride;
      if (s > 1) { // rows that share a window: whole groups, or equal parts of one
        index_t even = box[a] >= s ? box[a] / s * s : box[a];
        while (s % even != 0 && even % s != 0) --even;
        if (visited(axis, even) * box[a] < visited(axis, box[a]) * even) box[a] = even;
      } else { // as many boxes, of equal size
        const index_t boxes = (n + box[a] - 1) / box[a];
        box[a] = (n + boxes - 1) / boxes;
      }
    }
    return box;
  }

private:
  [[nodiscard]] static HEED_INLINE bool fits(const per_axis<Rank>& box, index_t capacity) noexcept {
    for (int a = 0; a < Rank; ++a)
      if (box[a] < 1 || box[a] > capacity) return false;
    return box.product() <= capacity;
  }

  const token_grid<Rank>& g_;
  per_axis<Rank> box_, boxes_;
  index_t per_group_ = 1, groups_ = 1;
};

} // namespace heed
