// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A bias per sequence, head, query row and key, given as a tensor.
#include <heed/problem/call_extents.hpp>
#include <heed/view/footprint.hpp>
#include <heed/view/tensor_view.hpp>

namespace heed {

/// What the columns of a dense_bias stand for: positions stay true after eviction, slots follow the storage.
enum class bias_column : unsigned char { position, slot };

/// x + bias[seq][head][row][column]. A bias of -inf masks the cell.
///
/// Shapes    bias: [sequences][q_heads][rows][columns], the caller's memory, read during the call. An axis of extent 1
///           or stride 0 is broadcast, the last one too. row counts the queries of this call from 0, not positions:
///           a chunk of a prefill brings the chunk's rows
/// Units     natural logarithm; strides in elements
/// Requires  each axis that is not broadcast covers the call, else errc::bad_extent
/// Laws      score_mod, batched_score_mod, lane_bound_score_mod
/// Cost      one sum, and a load per lane of an entry whose row is looked up once for many keys: 0.77 of the plain rate
///           where rows lie a multiple of 4 KiB apart and crowd the first cache, 0.81 where they are padded by 64 bytes
///           (1024 x 1024, 4 heads, head dim 128, AMD EPYC)
template <element T> class dense_bias {
public:
  HEED_INLINE explicit dense_bias(tensor_view<const T, 4> bias, bias_column column = bias_column::position) noexcept
      : bias_(bias), column_(column), strides_{} {
    for (int i = 0; i < 4; ++i) strides_[i] = bias.extent(i) == 1 ? 0 : bias.stride(i);
  }

  HEED_INLINE float operator()(float x, const cell& at) const noexcept { return x + static_cast<float>(entry(at)); }
  HEED_INLINE double operator()(double x, const cell& at) const noexcept { return x + static_cast<double>(entry(at)); }
  template <class B> HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
    const lane_index column = column_ == bias_column::position ? at.k : at.slot;
    const T* const base = bias_.data() + at.seq * strides_[0];
    return x + B::generate([&](index_t i) __attribute__((always_inline)) {
             return static_cast<typename B::value_type>(
                 widen(base[at.head[i] * strides_[1] + at.row[i] * strides_[2] + column[i] * strides_[3]]));
           });
  }

  /// The bias of some lanes: a row for each.
  template <class B> struct of_lanes {
    const T* row[B::lanes];
    index_t stride;
    bias_column column;
    HEED_INLINE B operator()(B x, const cells<B>& at) const noexcept {
      const lane_index of = column == bias_column::position ? at.k : at.slot;
      if (of.step == 0) {
        const index_t entry = of[0] * stride;
        return x + B::generate([&](index_t i) __attribute__((always_inline)) {
                 return static_cast<typename B::value_type>(widen(row[i][entry]));
               });
      }
      return x + B::generate([&](index_t i) __attribute__((always_inline)) {
               return static_cast<typename B::value_type>(widen(row[i][of[i] * stride]));
             });
    }
  };
  template <class B> HEED_INLINE of_lanes<B> over(const cells<B>& at) const noexcept {
    of_lanes<B> lanes{{}, strides_[3], column_};
    for (index_t i = 0; i < B::lanes; ++i)
      lanes.row[i] = bias_.data() + at.seq * strides_[0] + at.head[i] * strides_[1] + at.row[i] * strides_[2];
    return lanes;
  }

  HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_view("dense_bias", bias_)) return f;
    if (const failure f = covers(0, e.sequences)) return f;
    if (const failure f = covers(1, e.q_heads)) return f;
    for (index_t seq = 0; seq < e.sequences; ++seq) {
      if (const failure f = covers(2, e.rows(seq))) return f;
      if (e.rows(seq) == 0 || e.source == nullptr) continue;
      if (column_ == bias_column::position) {
        if (const failure f = covers(3, e.seen(seq))) return f;
      } else
        for (index_t kv_head = 0; kv_head < e.kv_heads; ++kv_head)
          if (const failure f = covers(3, e.slots(seq, kv_head))) return f;
    }
    return {};
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(bias_));
  }

private:
  HEED_INLINE accum_t<T> entry(const cell& at) const noexcept {
    const index_t column = column_ == bias_column::position ? at.k : at.slot;
    return widen(
        bias_.data()[at.seq * strides_[0] + at.head * strides_[1] + at.row * strides_[2] + column * strides_[3]]);
  }
  HEED_INLINE failure covers(int axis, index_t needed) const noexcept {
    const bool one_for_all = bias_.extent(axis) == 1 || (strides_[axis] == 0 && bias_.extent(axis) > 0);
    if (one_for_all || bias_.extent(axis) >= needed) return {};
    return {errc::bad_extent, "dense_bias", "extent", bias_.extent(axis), "but the call needs", needed, axis};
  }

  tensor_view<const T, 4> bias_;
  bias_column column_;
  index_t strides_[4];
};
template <class T> dense_bias(tensor_view<T, 4>) -> dense_bias<std::remove_const_t<T>>;
template <class T> dense_bias(tensor_view<T, 4>, bias_column) -> dense_bias<std::remove_const_t<T>>;

static_assert(score_mod<dense_bias<float>> && score_mod<dense_bias<bf16>, double> && self_checking<dense_bias<float>>);

} // namespace heed
