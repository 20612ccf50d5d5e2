// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Every precondition of a call's views and sizes, and the normal form that they are brought into.
#include <heed/concepts.hpp>
#include <heed/problem/problem.hpp>
#include <heed/view/ragged.hpp>

namespace heed {
namespace detail {
inline namespace HEED_ISA {

/// Queries or outputs, whatever they came as.
template <class T> struct packed_view {
  packed_rows<T> rows;
  index_t tokens, heads, dim, sequences; ///< sequences -1: as the source says
  index_list offsets;
};

template <class T> HEED_INLINE packed_view<T> pack_view(const tensor_view<T, 3>& v) noexcept {
  return {{v.data(), v.stride(0), v.stride(1), 0, 0}, v.extent(0), v.extent(1), v.extent(2), -1, {}};
}
template <class T> HEED_INLINE packed_view<T> pack_view(const tensor_view<T, 4>& v) noexcept {
  return {{v.data(), v.stride(1), v.stride(2), v.extent(1), v.stride(0)},
          v.extent(0) * v.extent(1),
          v.extent(2),
          v.extent(3),
          v.extent(0),
          {}};
}
template <class T> HEED_INLINE packed_view<T> pack_view(const ragged_view<T>& v) noexcept {
  packed_view<T> p = pack_view(v.rows);
  p.offsets = v.offsets;
  p.sequences = v.offsets.size() - 1;
  return p;
}

template <class T> HEED_INLINE failure check_rows(const char* name, const tensor_view<T, 3>& v) noexcept {
  return check_view(name, v);
}
template <class T> HEED_INLINE failure check_rows(const char* name, const tensor_view<T, 4>& v) noexcept {
  return check_view(name, v);
}
template <class T> HEED_INLINE failure check_rows(const char* name, const ragged_view<T>& v) noexcept {
  if (const failure f = check_view(name, v.rows)) return f;
  const index_t n = v.offsets.size();
  if (n == 0) return {errc::bad_extent, name, "offsets size", 0, "one more than the sequences, so the least is", 1};
  if (v.offsets[0] != 0) return {errc::not_monotone, name, "offsets", v.offsets[0], "the first must be", 0, 0};
  for (index_t i = 1; i < n; ++i)
    if (v.offsets[i] < v.offsets[i - 1])
      return {errc::not_monotone, name, "offsets", v.offsets[i], "but the one before is", v.offsets[i - 1], i};
  if (v.offsets[n - 1] != v.rows.extent(0))
    return {errc::length_out_of_range, name, "offsets", v.offsets[n - 1], "the last must be the tokens,",
            v.rows.extent(0),          n - 1};
  return {};
}

/// Bytes from the first to one past the last element that a packed view touches.
template <class T> HEED_INLINE range touched(const packed_view<T>& v) noexcept {
  if (v.tokens == 0 || v.heads == 0 || v.dim == 0) return {0, 0};
  const T* last = v.rows.row(v.tokens - 1, v.heads - 1) + v.dim;
  return {static_cast<index_t>(reinterpret_cast<std::uintptr_t>(v.rows.data)),
          static_cast<index_t>(reinterpret_cast<std::uintptr_t>(last))};
}

/// Whether rows of two views share memory. Slices of one fused buffer interleave without sharing: with equal token
/// strides it is enough that they keep apart within one token.
template <class T, class U> HEED_INLINE bool overlap(const packed_view<T>& a, const packed_view<U>& b) noexcept {
  const range x = touched(a), y = touched(b);
  if (meet(x, y).empty()) return false;
  const index_t step = a.rows.token_stride * static_cast<index_t>(sizeof(T));
  if (step <= 0 || step != b.rows.token_stride * static_cast<index_t>(sizeof(U)) ||
      a.rows.rows_each != b.rows.rows_each)
    return true;
  if (a.rows.rows_each > 0 && a.rows.sequence_stride * static_cast<index_t>(sizeof(T)) % step != 0) return true;
  if (b.rows.rows_each > 0 && b.rows.sequence_stride * static_cast<index_t>(sizeof(U)) % step != 0) return true;
  const index_t wide_a = ((a.heads - 1) * a.rows.head_stride + a.dim) * static_cast<index_t>(sizeof(T));
  const index_t wide_b = ((b.heads - 1) * b.rows.head_stride + b.dim) * static_cast<index_t>(sizeof(U));
  const index_t apart = ((y.begin - x.begin) % step + step) % step; // b starts so far behind a, within a token
  return apart < wide_a || apart + wide_b > step;
}

/// Rows that are written must not share elements with each other.
template <class T> HEED_INLINE failure check_written(const char* name, const packed_view<T>& v) noexcept {
  if (v.tokens > 1 && v.heads > 0 && v.dim > 0) {
    if (v.rows.rows_each != 1 && v.rows.token_stride < v.dim)
      return {errc::bad_stride, name, "token stride", v.rows.token_stride, "rows are written, so the least is", v.dim};
    if (v.rows.rows_each > 0 && v.tokens > v.rows.rows_each && v.rows.sequence_stride < v.dim)
      return {errc::bad_stride,
              name,
              "sequence stride",
              v.rows.sequence_stride,
              "rows are written, so the least is",
              v.dim};
  }
  if (v.heads > 1 && v.tokens > 0 && v.dim > 0 && v.rows.head_stride < v.dim)
    return {errc::bad_stride, name, "head stride", v.rows.head_stride, "rows are written, so the least is", v.dim};
  const index_t tokens_wide = v.tokens > 0 && v.rows.rows_each == 0 ? (v.tokens - 1) * v.rows.token_stride + v.dim : 0;
  if (v.heads > 1 && v.tokens > 1 && v.rows.rows_each == 0 && v.rows.head_stride < tokens_wide &&
      v.rows.token_stride < (v.heads - 1) * v.rows.head_stride + v.dim)
    return {errc::bad_stride, name, "head stride", v.rows.head_stride, "rows overlap; it would have to be at least",
            tokens_wide};
  return {};
}

template <class K> HEED_NOINLINE index_t seen_function(const void* kv, index_t seq) noexcept {
  return static_cast<const K*>(kv)->seen(seq);
}
template <class K> HEED_NOINLINE index_t slots_function(const void* kv, index_t seq, index_t kv_head) noexcept {
  return static_cast<const K*>(kv)->slots(seq, kv_head);
}

/// Fills the normal form, or says what is wrong. Nothing of the source is read before its own check passed.
template <class TQ, class TO, class Q, class K, class O>
HEED_NOINLINE failure normalise(const Q& q, const K& kv, const O& o, problem<TQ, TO>& p) noexcept {
  if (const failure f = check_rows("q", q)) return f;
  if (const failure f = check_rows("o", o)) return f;
  if constexpr (self_checking<K>)
    if (const failure f = kv.check(call_extents{})) return f;
  const kv_dims d = kv.dims();
  const auto qs = pack_view(q);
  const auto os = pack_view(o);
  if (d.sequences < 0) return {errc::bad_extent, "kv", "sequences", d.sequences, "the least is", 0};
  if (d.kv_heads < 1) return {errc::bad_extent, "kv", "kv_heads", d.kv_heads, "the least is", 1};
  if (d.key_dim < 1) return {errc::bad_extent, "kv", "key_dim", d.key_dim, "the least is", 1};
  if (d.value_dim < 1) return {errc::bad_extent, "kv", "value_dim", d.value_dim, "the least is", 1};
  if (d.key_dim != qs.dim) return {errc::dim_mismatch, "kv", "key_dim", d.key_dim, "but q has dim", qs.dim};
  if (d.value_dim != os.dim) return {errc::dim_mismatch, "o", "dim", os.dim, "but kv has value_dim", d.value_dim};
  if (K::values_alias_keys && (d.value_offset < 0 || d.value_offset + d.value_dim > d.key_dim))
    return {errc::dim_mismatch, "kv",     "value_offset + value_dim", d.value_offset + d.value_dim,
            "but key_dim is",   d.key_dim};
  if (qs.heads != os.heads) return {errc::bad_extent, "o", "heads", os.heads, "but q has heads", qs.heads};
  if (qs.heads < 1) return {errc::bad_extent, "q", "heads", qs.heads, "the least is", 1};
  if (qs.heads % d.kv_heads != 0)
    return {errc::heads_not_divisible, "q", "heads", qs.heads, "which is no multiple of kv_heads", d.kv_heads};
  if (qs.tokens != os.tokens) return {errc::bad_extent, "o", "tokens", os.tokens, "but q has tokens", qs.tokens};
  if (qs.sequences >= 0 && qs.sequences != d.sequences)
    return {errc::bad_extent, "q", "sequences", qs.sequences, "but kv has sequences", d.sequences};
  call_extents& e = p.extents;
  e = {d.sequences, qs.tokens, qs.heads, d.kv_heads,        d.key_dim,         d.value_dim,
       qs.offsets,  0,         &kv,      &seen_function<K>, &slots_function<K>};
  if (qs.offsets.empty()) {
    if (d.sequences == 0 ? qs.tokens != 0 : qs.tokens % d.sequences != 0)
      return {errc::bad_extent, "q", "tokens", qs.tokens, "without offsets it must be a multiple of the sequences,",
              d.sequences};
    e.rows_each = d.sequences > 0 ? qs.tokens / d.sequences : 0;
  }
  if (const failure f = check_written("o", os)) return f;
  if (overlap(os, qs))
    return {errc::overlap, "o", "bytes shared with q", meet(touched(os), touched(qs)).size(), "the limit is", 0};
  if constexpr (requires {
                  { kv.touches(range{}) }
                  noexcept->std::same_as<bool>;
                }) {
    if (kv.touches(touched(os))) return {errc::overlap, "o", "bytes shared with kv", 1, "the limit is", 0};
  }
  p.heads = {qs.heads, d.kv_heads};
  p.q = {qs.rows.data, qs.rows.token_stride, qs.rows.head_stride, qs.rows.rows_each, qs.rows.sequence_stride};
  p.o = os.rows;
  return {};
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
