// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Where the weight of a query and a key stands in the list of the query's window.
#include <heed/mask/neighborhood.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// The list of a query's weights: first the extra tokens before the grid, then its window in row-major order. A causal
/// window, and one that was clamped, has fewer keys than places; those that are left over stay unused. The place is
/// key(k) - query(q): one number of each.
template <int Rank> class window_index {
public:
  HEED_INLINE explicit window_index(const neighborhood<Rank>& m) noexcept : mask_(m) {
    step_[Rank - 1] = 1;
    for (int a = Rank - 1; a > 0; --a) step_[a - 1] = times(step_[a], m.window[a]);
  }

  /// Places of a list.
  [[nodiscard]] HEED_INLINE index_t size() const noexcept { return mask_.first + times(step_[0], mask_.window[0]); }
  [[nodiscard]] HEED_INLINE index_t key(const token_grid<Rank>& g, index_t k) const noexcept {
    if (k < g.first) return k;
    const per_axis<Rank> c = g.place(k);
    index_t at = g.first;
    for (int a = 0; a < Rank; ++a) at += g.axis[a].number(c[a]) * step_[a];
    return at;
  }
  /// Of keys on the grid; extra tokens stand at their position for every query.
  [[nodiscard]] HEED_INLINE index_t query(const token_grid<Rank>& g, index_t q) const noexcept {
    const per_axis<Rank> c = g.place(q);
    index_t at = 0;
    for (int a = 0; a < Rank; ++a) at += g.axis[a].seen(c[a]).begin * step_[a];
    return at;
  }
  /// Requires  q on the grid, k visible to it
  [[nodiscard]] HEED_INLINE index_t operator()(index_t seq, index_t q, index_t k) const noexcept {
    const token_grid<Rank> g = mask_.grid_of(seq);
    return k < g.first ? k : key(g, k) - query(g, q);
  }
  [[nodiscard]] HEED_INLINE const neighborhood<Rank>& mask() const noexcept { return mask_; }

private:
  /// A window that is too large is refused by the mask's check; until then its product may be any.
  [[nodiscard]] static HEED_INLINE index_t times(index_t a, index_t b) noexcept {
    return static_cast<index_t>(static_cast<std::size_t>(a) * static_cast<std::size_t>(b));
  }

  neighborhood<Rank> mask_;
  per_axis<Rank> step_;
};

namespace detail {

/// The weights of a call: [tokens][q_heads][places]; queries are the grids, one after the other.
template <int Rank, class T>
HEED_INLINE failure check_window_weights(const char* name, const window_index<Rank>& index,
                                         const tensor_view<T, 3>& weights, const call_extents& e) noexcept {
  if (const failure f = check_view(name, weights)) return f;
  if (weights.extent(0) != e.tokens)
    return {errc::bad_extent, name, "extent", weights.extent(0), "but the query tokens are", e.tokens, 0};
  if (weights.extent(1) != e.q_heads)
    return {errc::bad_extent, name, "extent", weights.extent(1), "but the query heads are", e.q_heads, 1};
  if (weights.extent(2) != index.size())
    return {errc::bad_extent, name, "extent", weights.extent(2), "extra tokens and keys of a window are",
            index.size(),     2};
  for (index_t s = 0; s < e.sequences; ++s)
    if (e.rows(s) != index.mask().grid_of(s).size())
      return {errc::bad_extent,
              name,
              "count of query rows",
              e.rows(s),
              "they must be the grid,",
              index.mask().grid_of(s).size(),
              s};
  return {};
}

} // namespace detail
} // namespace heed
