// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A learned bias per head and relative place in a neighborhood.
#include <heed/mask/neighborhood.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// x + table[head][i0][i1]..., i = number of the key - number of the query + window - 1 along each axis, where
/// coordinates are numbered inside their dilation group. Every window, stride, dilation and causality has its place in
/// the table. Tokens before the grid have no bias. Only cells that the neighborhood lets see have a meaning.
///
/// Shapes    table: [q_heads or 1][2 window - 1]..., one axis for each of the grid, the caller's memory, read during
/// the
///           call. places: one number for each position of the grid, of the caller, filled here; with grids of unequal
///           size the largest for each sequence. Without it each cell costs divisions
/// Requires  what m requires; extents 2 window[i] - 1; a table for each query head or one for all; places empty or
/// large
///           enough; else errc::bad_extent
/// Laws      score_mod, batched_score_mod
/// Cost      with places a sum and three loads per lane; without, two divisions per axis and lane more
/// Source    Hassani et al. 2023, Neighborhood Attention Transformer, section 3 (B); odd windows only there
template <int Rank, element T> class neighborhood_bias {
public:
  HEED_INLINE explicit neighborhood_bias(const neighborhood<Rank>& m, tensor_view<const T, Rank + 1> table,
                                         std::span<index_t> places = {}) noexcept
      : mask_(m), table_(table), head_stride_(table.extent(0) == 1 ? 0 : table.stride(0)) {
    for (int a = 0; a < Rank; ++a) {
      center_ += (m.window[a] - 1) * table.stride(a + 1);
      last_ += greater(0, table.extent(a + 1) - 1) * table.stride(a + 1);
    }
    const index_t sequences = m.grids.empty() ? 1 : m.grids.size() / Rank;
    for (index_t s = 0; s < sequences; ++s)
      for (const grid_axis& a : m.grid_of(s).axis)
        if (a.length < 1 || a.dilation < 1) return; // check will say so
    for (index_t s = 0; s < sequences; ++s) largest_ = greater(largest_, m.grid_of(s).size());
    given_ = static_cast<index_t>(places.size());
    if (places.empty() || given_ < needed()) return;
    places_ = places.data();
    for (index_t s = 0; s < sequences; ++s) {
      const token_grid<Rank> g = m.grid_of(s);
      for (index_t p = 0; p < g.size(); ++p)
        places[static_cast<std::size_t>(s * largest_ + p)] = place_of(g, g.first + p);
    }
  }

  HEED_INLINE float operator()(float x, const cell& at) const noexcept { return x + static_cast<float>(entry(at)); }
  HEED_INLINE double operator()(double x, const cell& at) const noexcept { return x + static_cast<double>(entry(at)); }
  template <class B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
    using number = typename B::value_type;
    if (places_ == nullptr)
      return x + B::generate([&](index_t i) HEED_BODY { return static_cast<number>(entry(at[i])); });
    const index_t sequence = mask_.grids.empty() ? 0 : at.seq * largest_;
    const index_t size = mask_.grids.empty() ? largest_ : mask_.grid_of(at.seq).size();
    return x + B::generate([&](index_t i) HEED_BODY {
             const index_t q = at.q[i] - mask_.first, k = at.k[i] - mask_.first;
             if (q < 0 || k < 0 || q >= size || k >= size) return number(0);
             return static_cast<number>(look_up(at.head[i], places_[sequence + k] - places_[sequence + q]));
           });
  }

  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    const std::span<const index_t> places(places_, static_cast<std::size_t>(places_ != nullptr ? needed() : 0));
    return may_share(f, footprint_of(table_)) || detail::any_shares(f, places) || mask_.touches(f);
  }
  HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_view("neighborhood_bias", table_)) return f;
    if (const failure f = mask_.check(e)) return f;
    if (table_.extent(0) != 1 && table_.extent(0) < e.q_heads)
      return {errc::bad_extent,          "neighborhood_bias", "extent", table_.extent(0),
              "but the query heads are", e.q_heads,           0};
    for (int a = 0; a < Rank; ++a)
      if (table_.extent(a + 1) != 2 * mask_.window[a] - 1)
        return {errc::bad_extent,
                "neighborhood_bias",
                "extent",
                table_.extent(a + 1),
                "twice the window less 1 is",
                2 * mask_.window[a] - 1,
                a + 1};
    if (given_ > 0 && given_ < needed())
      return {errc::bad_extent, "neighborhood_bias", "count of places", given_, "the positions of the grids are",
              needed()};
    return {};
  }

private:
  [[nodiscard]] HEED_INLINE index_t needed() const noexcept {
    return largest_ * (mask_.grids.empty() ? 1 : mask_.grids.size() / Rank);
  }
  /// Numbers of a position times the table's strides: the entry of a cell is the difference of two of these.
  [[nodiscard]] HEED_INLINE index_t place_of(const token_grid<Rank>& g, index_t position) const noexcept {
    const per_axis<Rank> c = g.place(position);
    index_t at = 0;
    for (int a = 0; a < Rank; ++a) at += g.axis[a].number(c[a]) * table_.stride(a + 1);
    return at;
  }
  /// A cell that the mask hides may point anywhere: it is kept inside the table, and its score is dropped.
  [[nodiscard]] HEED_INLINE accum_t<T> look_up(index_t head, index_t difference) const noexcept {
    const index_t at = greater(0, lesser(last_, difference + center_));
    return widen(table_.data()[head * head_stride_ + at]);
  }
  [[nodiscard]] HEED_INLINE accum_t<T> entry(const cell& at) const noexcept {
    const token_grid<Rank> g = mask_.grid_of(at.seq);
    if (!g.holds(at.q) || !g.holds(at.k)) return 0;
    return look_up(at.head, place_of(g, at.k) - place_of(g, at.q));
  }

  neighborhood<Rank> mask_;
  tensor_view<const T, Rank + 1> table_;
  const index_t* places_ = nullptr;
  index_t head_stride_, center_ = 0, last_ = 0, largest_ = 0, given_ = 0;
};
template <int Rank, class T, int TableRank>
neighborhood_bias(const neighborhood<Rank>&, tensor_view<T, TableRank>)
    -> neighborhood_bias<Rank, std::remove_const_t<T>>;
template <int Rank, class T, int TableRank, class Places>
neighborhood_bias(const neighborhood<Rank>&, tensor_view<T, TableRank>, Places&&)
    -> neighborhood_bias<Rank, std::remove_const_t<T>>;

static_assert(score_mod<neighborhood_bias<2, float>> && score_mod<neighborhood_bias<3, bf16>, double> &&
              self_checking<neighborhood_bias<1, float>>);

} // namespace heed
