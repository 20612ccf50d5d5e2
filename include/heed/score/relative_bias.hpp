// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A learned bias per head and relative position.
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// x + table[head][clamp(q - k, -most, most) + most], most = (table.extent(1) - 1) / 2.
///
/// Shapes    table: [q_heads or 1][2 most + 1], the caller's memory, read during the call; 1 serves all heads. Column
///           most is distance 0, columns above it are keys before the query
/// Requires  an odd number of columns; a row for each query head or one for all; else errc::bad_extent
/// Laws      score_mod, batched_score_mod
/// Cost      one sum, and a lookup per lane
/// Source    Raffel et al. 2020 (T5), whose buckets t5_buckets expands into such a table; Shaw et al. 2018
template <element T> class relative_bias {
public:
  HEED_INLINE explicit relative_bias(tensor_view<const T, 2> table) noexcept
      : table_(table), most_((table.extent(1) - 1) / 2), head_stride_(table.extent(0) == 1 ? 0 : table.stride(0)) {}

  HEED_INLINE float operator()(float x, const cell& at) const noexcept {
    return x + static_cast<float>(entry(at.head, at.q - at.k));
  }
  HEED_INLINE double operator()(double x, const cell& at) const noexcept {
    return x + static_cast<double>(entry(at.head, at.q - at.k));
  }
  template <class B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
    return x + B::generate([&](index_t i) __attribute__((always_inline)) {
             return static_cast<typename B::value_type>(entry(at.head[i], at.q[i] - at.k[i]));
           });
  }

  HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_view("relative_bias", table_)) return f;
    if (table_.extent(1) % 2 == 0)
      return {errc::bad_extent, "relative_bias", "number of columns", table_.extent(1), "must be odd and at least", 1};
    if (table_.extent(0) != 1 && table_.extent(0) < e.q_heads)
      return {errc::bad_extent, "relative_bias",           "number of rows",
              table_.extent(0), "but the query heads are", e.q_heads};
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(table_));
  }

private:
  HEED_INLINE accum_t<T> entry(index_t head, index_t distance) const noexcept {
    const index_t column = greater(-most_, lesser(most_, distance)) + most_;
    return widen(table_.data()[head * head_stride_ + column]);
  }

  tensor_view<const T, 2> table_;
  index_t most_, head_stride_;
};
template <class T> relative_bias(tensor_view<T, 2>) -> relative_bias<std::remove_const_t<T>>;

static_assert(score_mod<relative_bias<float>> && score_mod<relative_bias<bf16>, double> &&
              self_checking<relative_bias<float>>);

} // namespace heed
