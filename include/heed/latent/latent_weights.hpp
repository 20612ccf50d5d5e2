// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The up-projections of a latent attention layer, packed once for both of its forms.
#include <heed/latent/latent_shape.hpp>
#include <heed/view/footprint.hpp>
#include <heed/view/packed_matrix.hpp>

namespace heed {

/// W_UK and W_UV of one layer in memory of the caller's. A checkpoint's wkv_b, seen as [heads][nope + value][rank],
/// holds both: slice(1, 0, nope) and slice(1, nope, value).
///
/// Shapes    memory: [numbers(shape)]
/// Laws      absorbed: q (W_UK c) = (W_UK^T q) c, sum p (W_UV c) = W_UV (sum p c)
/// Cost      fold: once per layer, a pass over the weights. W_UK lies in it twice, once for each direction
template <class T> class latent_weights {
public:
  constexpr latent_weights() noexcept = default;

  [[nodiscard]] static HEED_INLINE constexpr index_t numbers(const latent_shape& s) noexcept {
    return s.heads * (absorb_numbers(s) + expand_numbers(s) + value_numbers(s));
  }

  /// Packs the weights into memory, which must outlive this object.
  ///
  /// Shapes    w_uk: [heads][nope][rank]; w_uv: [heads][value][rank]; they share no bytes with memory
  [[nodiscard]] HEED_INLINE failure fold(const latent_shape& shape, const tensor_view<const T, 3>& w_uk,
                                         const tensor_view<const T, 3>& w_uv, std::span<T> memory) noexcept {
    if (const failure f = shape.check()) return f;
    if (const failure f = check_matrix("w_uk", w_uk, {shape.heads, shape.nope, shape.rank})) return f;
    if (const failure f = check_matrix("w_uv", w_uv, {shape.heads, shape.value, shape.rank})) return f;
    const index_t room = static_cast<index_t>(memory.size());
    if (room < numbers(shape))
      return {errc::workspace_too_small, "memory", "numbers", room, "but the weights take", numbers(shape)};
    const footprint to = footprint_of(view(memory.data(), numbers(shape)));
    if (may_share(to, footprint_of(w_uk)))
      return {errc::overlap, "memory", "buffers shared with w_uk", 1, "the limit is", 0};
    if (may_share(to, footprint_of(w_uv)))
      return {errc::overlap, "memory", "buffers shared with w_uv", 1, "the limit is", 0};
    shape_ = shape;
    absorb_ = memory.data();
    expand_ = memory.data() + shape.heads * absorb_numbers(shape);
    value_ = memory.data() + shape.heads * (absorb_numbers(shape) + expand_numbers(shape));
    for (index_t h = 0; h < shape.heads; ++h) {
      const auto uk = one_head(w_uk, h), uv = one_head(w_uv, h);
      pack_matrix<T>(uk, matrix_order::in_out, memory.data() + h * absorb_numbers(shape));
      pack_matrix<T>(uk, matrix_order::out_in, memory.data() + (expand_ - absorb_) + h * expand_numbers(shape));
      pack_matrix<T>(uv, matrix_order::out_in, memory.data() + (value_ - absorb_) + h * value_numbers(shape));
    }
    return {};
  }

  [[nodiscard]] HEED_INLINE const latent_shape& shape() const noexcept { return shape_; }
  [[nodiscard]] HEED_INLINE bool folded() const noexcept { return absorb_ != nullptr; }
  /// The memory that it was folded into.
  [[nodiscard]] HEED_INLINE footprint lies_in() const noexcept {
    return footprint_of(view(absorb_, folded() ? numbers(shape_) : 0));
  }
  /// nope numbers of a query to the rank of the cache.
  [[nodiscard]] HEED_INLINE packed_matrix<T> absorb(index_t head) const noexcept {
    return {absorb_ + head * absorb_numbers(shape_), shape_.nope, shape_.rank};
  }
  /// A cached latent to the nope numbers of a head's key, and to its value. The latter also turns the latent output of
  /// the absorbed form into the head's.
  [[nodiscard]] HEED_INLINE packed_matrix<T> expand_key(index_t head) const noexcept {
    return {expand_ + head * expand_numbers(shape_), shape_.rank, shape_.nope};
  }
  [[nodiscard]] HEED_INLINE packed_matrix<T> expand_value(index_t head) const noexcept {
    return {value_ + head * value_numbers(shape_), shape_.rank, shape_.value};
  }

private:
  static HEED_INLINE constexpr index_t absorb_numbers(const latent_shape& s) noexcept {
    return packed_matrix<T>::numbers(s.nope, s.rank);
  }
  static HEED_INLINE constexpr index_t expand_numbers(const latent_shape& s) noexcept {
    return packed_matrix<T>::numbers(s.rank, s.nope);
  }
  static HEED_INLINE constexpr index_t value_numbers(const latent_shape& s) noexcept {
    return packed_matrix<T>::numbers(s.rank, s.value);
  }
  static HEED_INLINE tensor_view<const T, 2> one_head(const tensor_view<const T, 3>& w, index_t head) noexcept {
    return {w.data() + head * w.stride(0), {w.extent(1), w.extent(2)}, {w.stride(1), w.stride(2)}};
  }
  struct extents_of {
    index_t at[3];
  };
  static HEED_INLINE failure check_matrix(const char* name, const tensor_view<const T, 3>& w,
                                          const extents_of& wanted) noexcept {
    if (const failure f = detail::check_view(name, w)) return f;
    for (int i = 0; i < 3; ++i)
      if (w.extent(i) != wanted.at[i])
        return {errc::bad_extent, name, "extent", w.extent(i), "the shape says", wanted.at[i], i};
    return {};
  }

  latent_shape shape_;
  const T *absorb_ = nullptr, *expand_ = nullptr, *value_ = nullptr;
};

} // namespace heed
