// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The newest query rows of each layer with their log-sum-exp, for policies that score by them when they evict.
#include <heed/detail/owned_array.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// Rows come in chunks and steps; the last `window` of each layer can be read at any time as one view.
///
/// Shapes    of a layer: [rows][q_heads][dim] and [rows][q_heads]
/// Cost      memory for twice the window, so that a row moves once; allocates when it is made, never later
template <class T> class query_window {
public:
  constexpr query_window() noexcept = default;
  HEED_INLINE query_window(query_window&&) noexcept = default;
  HEED_INLINE query_window& operator=(query_window&&) noexcept = default;
  query_window(const query_window&) = delete;
  query_window& operator=(const query_window&) = delete;
  HEED_INLINE ~query_window() = default; // written out, so that none is emitted
  HEED_INLINE query_window(index_t layers, index_t window, index_t q_heads, index_t dim)
      : queries_(layers * 2 * window * q_heads * dim), lses_(layers * 2 * window * q_heads), held_(layers),
        window_(window), heads_(q_heads), dim_(dim) {}

  [[nodiscard]] HEED_INLINE index_t window() const noexcept { return window_; }
  /// Rows of a layer that can be read: at most the window.
  [[nodiscard]] HEED_INLINE index_t rows(index_t layer) const noexcept {
    return held_.data()[layer] < window_ ? held_.data()[layer] : window_;
  }
  /// The last n of them.
  [[nodiscard]] HEED_INLINE tensor_view<const T, 3> queries(index_t layer, index_t n) const noexcept {
    return all_queries(layer).slice(0, held_.data()[layer] - n, n);
  }
  [[nodiscard]] HEED_INLINE tensor_view<const float, 2> lses(index_t layer, index_t n) const noexcept {
    return all_lses(layer).slice(0, held_.data()[layer] - n, n);
  }
  [[nodiscard]] HEED_INLINE index_t bytes_held() const noexcept {
    return queries_.bytes() + lses_.bytes() + held_.bytes();
  }

  HEED_INLINE void clear() noexcept {
    for (index_t& n : held_.span()) n = 0;
  }
  /// Takes fresh rows; those that fall out of the window are forgotten.
  ///
  /// Shapes    q: [rows][q_heads][dim]; lse: [rows][q_heads]
  HEED_INLINE void push(index_t layer, const tensor_view<const T, 3>& q,
                        const tensor_view<const float, 2>& lse) noexcept {
    index_t& n = held_.data()[layer];
    const index_t fresh = q.extent(0) < window_ ? q.extent(0) : window_, first = q.extent(0) - fresh;
    if (n + fresh > 2 * window_) {
      const index_t stay = window_ - fresh;
      for (index_t i = 0; i < stay; ++i) copy_row(layer, i, all_queries(layer), all_lses(layer), n - stay + i);
      n = stay;
    }
    for (index_t i = 0; i < fresh; ++i) copy_row(layer, n++, q, lse, first + i);
  }
  /// Forgets the last rows, as if they had never come (rejected drafts). Older ones do not come back.
  HEED_INLINE void pop(index_t layer, index_t count) noexcept {
    index_t& n = held_.data()[layer];
    n = count < n ? n - count : 0;
  }

private:
  [[nodiscard]] HEED_INLINE tensor_view<T, 3> all_queries(index_t layer) const noexcept {
    return view(queries_.data() + layer * 2 * window_ * heads_ * dim_, 2 * window_, heads_, dim_);
  }
  [[nodiscard]] HEED_INLINE tensor_view<float, 2> all_lses(index_t layer) const noexcept {
    return view(lses_.data() + layer * 2 * window_ * heads_, 2 * window_, heads_);
  }
  HEED_INLINE void copy_row(index_t layer, index_t to, const tensor_view<const T, 3>& q,
                            const tensor_view<const float, 2>& lse, index_t from) noexcept {
    const auto queries = all_queries(layer);
    const auto lses = all_lses(layer);
    for (index_t h = 0; h < heads_; ++h) {
      for (index_t d = 0; d < dim_; ++d) queries(to, h, d) = q(from, h, d);
      lses(to, h) = lse(from, h);
    }
  }

  detail::owned_array<T> queries_ = {};
  detail::owned_array<float> lses_ = {};
  detail::owned_array<index_t> held_ = {};
  index_t window_ = 0, heads_ = 0, dim_ = 0;
};

} // namespace heed
