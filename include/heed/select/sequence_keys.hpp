// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The keys that selectors estimate with: a view of one sequence, or one sequence of any source, paged or packed.
#include <heed/problem/validate.hpp>
#include <heed/select/estimate.hpp>
#include <heed/simd/mean_rows.hpp>

namespace heed {

/// All keys of one sequence of a source, slot i at position i, for selectors in place of a view. Keys of any format and
/// layout: they are unpacked head by head.
///
/// Requires  the source outlives the call; every key held, no holes and no biases: selectors are asked before a cache
///           shrinks
/// Cost      one copy of a head's keys as accumulators in the scratch
template <kv_source K> class sequence_keys {
public:
  using accum = typename K::key_format::accum;

  HEED_INLINE explicit sequence_keys(const K& kv, index_t seq = 0) noexcept : kv_(&kv), seq_(seq) {}

  [[nodiscard]] HEED_INLINE index_t tokens() const noexcept { return kv_->seen(seq_); }
  [[nodiscard]] HEED_INLINE index_t heads() const noexcept { return kv_->dims().kv_heads; }
  [[nodiscard]] HEED_INLINE index_t dim() const noexcept { return kv_->dims().key_dim; }
  /// What is asked of the keys from slot `from` on. name: the selector, for the message.
  [[nodiscard]] HEED_INLINE failure check(const char* name, index_t from = 0) const noexcept;
  /// Unpacks the keys of some tokens of one head one after the other, [slots][dim].
  HEED_INLINE void unpack(index_t head, range slots, accum* out) const noexcept {
    const auto format = kv_->keys_as();
    const auto width = static_cast<std::size_t>(dim());
    while (!slots.empty()) {
      const kv_rows r = kv_->rows(seq_, head, slots);
      for (index_t i = 0; i < r.count; ++i, out += width)
        format.unpack(r.key + i * r.key_stride, r.key_scales != nullptr ? r.key_scales + i * r.scale_stride : nullptr,
                      {out, width});
      slots.begin += r.count;
    }
  }

private:
  const K* kv_;
  index_t seq_;
};

template <kv_source K> HEED_INLINE failure sequence_keys<K>::check(const char* name, index_t from) const noexcept {
  if constexpr (self_checking<K>)
    if (const failure f = kv_->check(call_extents{})) return f;
  const kv_dims d = kv_->dims();
  if (const failure f = detail::check_dims(d)) return f;
  if (seq_ < 0 || seq_ >= d.sequences)
    return {errc::index_out_of_range, name, "sequence", seq_, "it must be at least 0 and below", d.sequences};
  for (index_t h = 0; h < d.kv_heads; ++h) {
    const index_t held = kv_->slots(seq_, h);
    if (held != tokens())
      return {errc::length_out_of_range, name, "count of keys held", held, "it wants all, which are", tokens(), h};
    for (index_t slot = from; slot < held;) {
      const kv_rows r = kv_->rows(seq_, h, {slot, held});
      if (r.key == nullptr) return {errc::bad_value, name, "hole at slot", slot, "it wants all keys up to", held};
      if (r.bias != nullptr) return {errc::bad_value, name, "bias at slot", slot, "it takes keys without, up to", held};
      for (index_t i = 0; i < r.count; ++i)
        if (const index_t at = r.positions != nullptr ? r.positions[i] : r.first + i; at != slot + i)
          return {errc::not_monotone, name, "position of a key", at, "it must be its slot,", slot + i, slot + i};
      slot += r.count;
    }
  }
  return {};
}

namespace detail {
inline namespace HEED_ISA {

// What selectors ask of keys, of a view and of a source: sizes, one head's rows, and means over heads.

template <class T> HEED_INLINE index_t key_count(const tensor_view<T, 3>& k) noexcept { return k.extent(0); }
template <class K> HEED_INLINE index_t key_count(const sequence_keys<K>& k) noexcept { return k.tokens(); }
template <class T> HEED_INLINE index_t key_heads(const tensor_view<T, 3>& k) noexcept { return k.extent(1); }
template <class K> HEED_INLINE index_t key_heads(const sequence_keys<K>& k) noexcept { return k.heads(); }

template <class TQ, class K>
HEED_INLINE failure check_selection(const char* name, const tensor_view<TQ, 3>& q, const sequence_keys<K>& k,
                                    index_t block) noexcept {
  if (const failure f = check_view("q", q)) return f;
  if (const failure f = k.check(name)) return f;
  return check_selection_sizes(name, q, {k.tokens(), k.heads(), k.dim()}, block);
}

/// The keys of one head, [keys][1][dim].
template <class A, class T>
HEED_INLINE tensor_view<const std::remove_const_t<T>, 3> one_head(const tensor_view<T, 3>& k, index_t head,
                                                                  select_scratch<A>&) noexcept {
  return tensor_view<const std::remove_const_t<T>, 3>(k).slice(1, head, 1);
}
template <class A, class K>
HEED_INLINE tensor_view<const A, 3> one_head(const sequence_keys<K>& k, index_t head, select_scratch<A>& s) {
  A* const keys = room(s.keys, k.tokens() * k.dim());
  k.unpack(head, {0, k.tokens()}, keys);
  return view(static_cast<const A*>(keys), k.tokens(), 1, k.dim());
}

/// The first `count` keys of one head as accumulators; those beyond the last are zero.
template <class A, class T>
HEED_INLINE void copy_keys(const tensor_view<T, 3>& k, index_t head, index_t count, A* out) noexcept {
  copy_rows(k, {0, count}, {head, head + 1}, out);
}
template <class A, class K>
HEED_INLINE void copy_keys(const sequence_keys<K>& k, index_t head, index_t count, A* out) noexcept {
  const index_t held = lesser(count, k.tokens());
  k.unpack(head, {0, held}, out);
  for (index_t i = held * k.dim(); i < count * k.dim(); ++i) out[i] = A(0);
}

/// Every stride-th row from the first on, averaged over some heads: [rows][dim].
template <class A, class T>
void average_heads(const tensor_view<T, 3>& x, index_t stride, range heads, select_scratch<A>&, A* out) noexcept {
  const index_t dim = x.extent(2);
  for (index_t r = 0; r < x.extent(0); r += stride, out += dim)
    simd::mean_rows<A>(&x(r, heads.begin, 0), x.stride(1), heads.size(), dim, out);
}
template <class A, class K>
void average_heads(const sequence_keys<K>& x, index_t stride, range heads, select_scratch<A>& s, A* out) {
  const index_t dim = x.dim();
  A* const rows = room(s.keys, heads.size() * dim);
  for (index_t r = 0; r < x.tokens(); r += stride, out += dim) {
    for (index_t h = 0; h < heads.size(); ++h) x.unpack(heads.begin + h, {r, r + 1}, rows + h * dim);
    simd::mean_rows<A>(rows, dim, heads.size(), dim, out);
  }
}

} // namespace HEED_ISA
} // namespace detail
} // namespace heed
