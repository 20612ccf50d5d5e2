// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Every precondition of a call's views and sizes, and the normal form that they are brought into.
#include <heed/concepts.hpp>
#include <heed/problem/problem.hpp>
#include <heed/view/footprint.hpp>
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
  if (const failure f = check_view(name, v)) return f;
  index_t tokens = 0; // strides of 0 allow any extents
  if (__builtin_mul_overflow(v.extent(0), v.extent(1), &tokens))
    return {errc::size_overflow, name, "number of tokens", PTRDIFF_MAX, "or more; the limit is", PTRDIFF_MAX};
  return {};
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

/// The view behind queries or outputs.
template <class T, int Rank> HEED_INLINE const tensor_view<T, Rank>& rows_of(const tensor_view<T, Rank>& v) noexcept {
  return v;
}
template <class T> HEED_INLINE const tensor_view<T, 3>& rows_of(const ragged_view<T>& v) noexcept { return v.rows; }

/// Sizes of a source that hold for any call on it.
HEED_INLINE failure check_dims(const kv_dims& d) noexcept {
  constexpr index_t most = index_t{1} << 24;
  if (d.sequences < 0) return {errc::bad_extent, "kv", "sequences", d.sequences, "the least is", 0};
  if (d.kv_heads < 1) return {errc::bad_extent, "kv", "kv_heads", d.kv_heads, "the least is", 1};
  if (d.key_dim < 1) return {errc::bad_extent, "kv", "key_dim", d.key_dim, "the least is", 1};
  if (d.value_dim < 1) return {errc::bad_extent, "kv", "value_dim", d.value_dim, "the least is", 1};
  if (d.key_dim > most) return {errc::bad_extent, "kv", "key_dim", d.key_dim, "the most is", most};
  if (d.value_dim > most) return {errc::bad_extent, "kv", "value_dim", d.value_dim, "the most is", most};
  return {};
}

/// Sequences of outputs cut as those of the queries are. Packed outputs of rank 3 take the queries' cut.
template <class T> HEED_INLINE failure check_same_cut(const packed_view<T>& o, const call_extents& e) noexcept {
  if (o.sequences < 0) return {};
  if (o.sequences != e.sequences)
    return {errc::bad_extent, "o", "sequences", o.sequences, "but kv has sequences", e.sequences};
  for (index_t s = 0; s < o.sequences; ++s) {
    const index_t rows = o.offsets.empty() ? o.rows.rows_each : o.offsets[s + 1] - o.offsets[s];
    if (rows != e.rows(s)) return {errc::bad_extent, "o", "rows of sequence", rows, "but q has", e.rows(s), s};
  }
  return {};
}

template <class K> HEED_NOINLINE index_t seen_function(const void* kv, index_t seq) noexcept {
  return static_cast<const K*>(kv)->seen(seq);
}
template <class K> HEED_NOINLINE index_t slots_function(const void* kv, index_t seq, index_t kv_head) noexcept {
  return static_cast<const K*>(kv)->slots(seq, kv_head);
}

/// Fills the part of the normal form that queries and a source give, or says what is wrong. Nothing of the source is
/// read before its own check passed.
template <class TQ, class TO, class Q, class K>
HEED_NOINLINE failure normalise_queries(const Q& q, const K& kv, problem<TQ, TO>& p) noexcept {
  if (const failure f = check_rows("q", q)) return f;
  if constexpr (self_checking<K>)
    if (const failure f = kv.check(call_extents{})) return f;
  const kv_dims d = kv.dims();
  const auto qs = pack_view(q);
  if (const failure f = check_dims(d)) return f;
  if (d.key_dim != qs.dim) return {errc::dim_mismatch, "kv", "key_dim", d.key_dim, "but q has dim", qs.dim};
  if (K::values_alias_keys && d.value_dim > d.key_dim)
    return {errc::dim_mismatch, "kv", "value_dim", d.value_dim, "a value is a part of its key, but key_dim is",
            d.key_dim};
  if (K::values_alias_keys && d.value_offset < 0)
    return {errc::dim_mismatch, "kv", "value_offset", d.value_offset, "the least is", 0};
  if (K::values_alias_keys && d.value_offset > d.key_dim - d.value_dim)
    return {errc::dim_mismatch,     "kv", "value_offset", d.value_offset, "key_dim less value_dim is",
            d.key_dim - d.value_dim};
  if (qs.heads < 1) return {errc::bad_extent, "q", "heads", qs.heads, "the least is", 1};
  if (qs.heads % d.kv_heads != 0)
    return {errc::heads_not_divisible, "q", "heads", qs.heads, "which is no multiple of kv_heads", d.kv_heads};
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
  p.heads = {qs.heads, d.kv_heads};
  p.q = {qs.rows.data, qs.rows.token_stride, qs.rows.head_stride, qs.rows.rows_each, qs.rows.sequence_stride};
  p.read = footprint_of(rows_of(q));
  return {};
}

/// The whole normal form: queries, source and outputs.
template <class TQ, class TO, class Q, class K, class O>
HEED_NOINLINE failure normalise(const Q& q, const K& kv, const O& o, problem<TQ, TO>& p) noexcept {
  if (const failure f = normalise_queries(q, kv, p)) return f;
  if (const failure f = check_rows("o", o)) return f;
  const auto os = pack_view(o);
  const call_extents& e = p.extents;
  if (e.value_dim != os.dim) return {errc::dim_mismatch, "o", "dim", os.dim, "but kv has value_dim", e.value_dim};
  if (e.q_heads != os.heads) return {errc::bad_extent, "o", "heads", os.heads, "but q has heads", e.q_heads};
  if (e.tokens != os.tokens) return {errc::bad_extent, "o", "tokens", os.tokens, "but q has tokens", e.tokens};
  if (const failure f = check_same_cut(os, e)) return f;
  if (const failure f = check_written("o", rows_of(o))) return f;
  const footprint written = footprint_of(rows_of(o));
  if (may_share(written, p.read))
    return {errc::overlap, "o", "bytes shared with q", meet(written.hull, p.read.hull).size(), "the limit is", 0};
  if (touches(kv, written)) return {errc::overlap, "o", "buffers shared with kv", 1, "the limit is", 0};
  if (may_share(written, footprint_of(e.row_offsets)))
    return {errc::overlap, "o", "buffers shared with the offsets of q", 1, "the limit is", 0};
  p.o = os.rows;
  p.written = written;
  return {};
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
