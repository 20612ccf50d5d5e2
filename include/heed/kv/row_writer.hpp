// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How the caches of this room write rows: what they refuse, and the copy itself.
#include <heed/kv/checks.hpp>

namespace heed {

/// Fresh rows of U may be appended to a cache of T: the same type, or one that T's accumulator holds exactly.
template <class U, class T>
concept storable_as = element<std::remove_const_t<U>> && element<T> &&
    (std::same_as<std::remove_const_t<U>, T> || std::same_as<accum_t<U>, accum_t<T>>);

namespace detail {

/// Copies a row, rounding to nearest where the types differ.
template <class T, class U> HEED_INLINE void store_row(T* to, const U* from, index_t dim) noexcept {
  if constexpr (std::same_as<T, U>) {
    __builtin_memmove(to, from, static_cast<std::size_t>(dim) * sizeof(T));
  } else {
    for (index_t e = 0; e < dim; ++e) to[e] = narrow<T>(widen(from[e]));
  }
}

inline namespace HEED_ISA {

/// Refuses a view in which two rows share memory: writing one would change the other.
template <class T> failure check_writable(const char* argument, const tensor_view<T, 4>& v, index_t front) noexcept {
  failure f = check_view(argument, v);
  if (f.at >= 0) f.at -= front;
  if (f) return f;
  for (int i = 0; i < 4; ++i)
    if (v.extent(i) == 0) return {};
  bool done[4] = {};
  index_t reach = 1;
  for (int n = 0; n < 4; ++n) {
    int axis = -1; // the smallest stride left
    for (int i = 0; i < 4; ++i)
      if (!done[i] &&
          (axis < 0 || v.stride(i) < v.stride(axis) || (v.stride(i) == v.stride(axis) && v.extent(i) < v.extent(axis))))
        axis = i;
    done[axis] = true;
    if (v.extent(axis) <= 1) continue;
    if (v.stride(axis) < reach)
      return {errc::bad_stride,
              argument,
              "stride",
              v.stride(axis),
              "rows that are written may not overlap, the least is",
              reach,
              axis - front};
    reach += (v.extent(axis) - 1) * v.stride(axis);
  }
  return {};
}

/// Fresh rows [tokens][kv_heads][dim] for one sequence of a cache.
template <class U, class W>
failure check_fresh(index_t seq, index_t sequences, const tensor_view<U, 3>& k, const tensor_view<W, 3>& v,
                    index_t kv_heads, index_t key_dim, index_t value_dim) noexcept {
  if (seq < 0) return {errc::index_out_of_range, "append", "seq", seq, "the least is", 0};
  if (seq >= sequences) return {errc::index_out_of_range, "append", "seq", seq, "but the sequences are", sequences};
  if (const failure f = check_pair(as_rank_4(k), as_rank_4(v), 1)) return f;
  if (k.extent(1) != kv_heads) return {errc::bad_extent, "k", "extent", k.extent(1), "the kv_heads are", kv_heads, 1};
  if (k.extent(2) != key_dim) return {errc::dim_mismatch, "k", "extent", k.extent(2), "the key_dim is", key_dim, 2};
  if (v.extent(2) != value_dim)
    return {errc::dim_mismatch, "v", "extent", v.extent(2), "the value_dim is", value_dim, 2};
  return {};
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
