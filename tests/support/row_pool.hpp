// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Poisoned memory for layouts of a cache, and the random choices that layouts share.
#include <heed/view/index_list.hpp>
#include <heed/view/tensor_view.hpp>

#include <support/logical_cache.hpp>

namespace heed::test {

template <class T> T narrowed(double x) noexcept { return narrow<T>(static_cast<accum_t<T>>(x)); }
inline std::size_t at(index_t i) noexcept { return static_cast<std::size_t>(i); }

/// [outer][inner][heads][dim] at drawn strides and base, poisoned.
template <class T> class row_pool {
public:
  row_pool() = default;
  row_pool(random& gen, index_t outer, index_t inner, index_t heads, index_t dim) : extent_{outer, inner, heads, dim} {
    const index_t row = dim + gen.one_of(std::vector<index_t>{0, 0, 0, 1, 3, 16});
    switch (gen.integer(0, 3)) {
    case 0: // heads before tokens, as HND
      set_strides(heads * inner * row, row, inner * row);
      break;
    case 1: // one slice of a fused buffer
      set_strides(inner * heads * row * 2, heads * row * 2, row);
      break;
    default:
      set_strides(inner * heads * row, heads * row, row);
    }
    base_ = gen.integer(0, 3);
    const index_t last = outer * inner * heads == 0
                             ? 0
                             : (outer - 1) * stride_[0] + (inner - 1) * stride_[1] + (heads - 1) * stride_[2] + dim;
    data_.assign(at(base_ + last), narrowed<T>(std::numeric_limits<double>::quiet_NaN()));
  }
  [[nodiscard]] tensor_view<const T, 4> view() const noexcept { return {data_.data() + base_, extent_, stride_}; }
  [[nodiscard]] tensor_view<const T, 3> inner_view() const noexcept {
    return {data_.data() + base_, {extent_[1], extent_[2], extent_[3]}, {stride_[1], stride_[2], 1}};
  }
  void put(index_t outer, index_t inner, index_t head, const double* row) {
    for (index_t d = 0; d < extent_[3]; ++d)
      data_[at(base_ + outer * stride_[0] + inner * stride_[1] + head * stride_[2] + d)] = narrowed<T>(row[d]);
  }

private:
  void set_strides(index_t a, index_t b, index_t c) noexcept { stride_[0] = a, stride_[1] = b, stride_[2] = c; }
  std::vector<T> data_;
  index_t extent_[4] = {0, 0, 0, 0}, stride_[4] = {0, 0, 0, 1};
  index_t base_ = 0;
};

/// Keys and values in two pools of the same shape.
template <class T> struct pool_pair {
  row_pool<T> k, v;
  pool_pair() = default;
  pool_pair(random& gen, index_t outer, index_t inner, index_t heads, const kv_dims& d)
      : k(gen, outer, inner, heads, d.key_dim), v(gen, outer, inner, heads, d.value_dim) {}
  void put(index_t outer, index_t inner, index_t head, const logical_head<double>& rows, index_t slot,
           const kv_dims& d) {
    k.put(outer, inner, head, rows.keys.data() + slot * d.key_dim);
    v.put(outer, inner, head, rows.values.data() + slot * d.value_dim);
  }
};

/// Which slots stay after an eviction, ascending; and in an order of their own where asked.
inline std::vector<index_t> drawn_slots(random& gen, index_t slots, index_t keep_in_8, bool shuffled) {
  std::vector<index_t> kept;
  for (index_t i = 0; i < slots; ++i)
    if (gen.integer(1, 8) <= keep_in_8) kept.push_back(i);
  if (shuffled) gen.shuffle(kept);
  return kept;
}
inline float drawn_bias(random& gen) {
  return gen.chance(8) ? -std::numeric_limits<float>::infinity() : 2 * gen.unit();
}
/// 32 or 64 bits, as the caller of heed may keep indices.
class drawn_list {
public:
  drawn_list() = default;
  drawn_list(random& gen, const std::vector<index_t>& list) : wide_(list.begin(), list.end()), narrow_(gen.chance(2)) {
    if (narrow_)
      for (const index_t x : list) list_32_.push_back(static_cast<std::int32_t>(x));
  }
  [[nodiscard]] index_list get() const noexcept { return narrow_ ? index_list(list_32_) : index_list(wide_); }

private:
  std::vector<std::int64_t> wide_;
  std::vector<std::int32_t> list_32_;
  bool narrow_ = false;
};

} // namespace heed::test
