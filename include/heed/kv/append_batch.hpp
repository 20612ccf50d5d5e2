// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Many tokens of many sequences into any cache, all of them or none.
#include <heed/kv/row_writer.hpp>
#include <heed/view/ragged.hpp>

namespace heed {

namespace detail {
/// A cache whose sequences draw on one pool.
template <class C>
concept shares_pages = requires(const C c, index_t seq, index_t tokens) {
  c.pages_wanted(seq, tokens);
  c.free_pages();
};
/// A cache of two parts.
template <class C>
concept has_parts = requires(const C c) {
  c.first().check();
  c.second().check();
};

template <class C> HEED_INLINE failure check_batch_room(const C& cache, const index_list& offsets) noexcept {
  for (index_t s = 0; s + 1 < offsets.size(); ++s)
    if (const failure f = cache.check_room(s, offsets[s + 1] - offsets[s])) return f;
  if constexpr (shares_pages<C>) {
    index_t wanted = 0;
    for (index_t s = 0; s + 1 < offsets.size(); ++s) wanted += cache.pages_wanted(s, offsets[s + 1] - offsets[s]);
    if (wanted > cache.free_pages())
      return {errc::limit_exceeded, "append", "pages wanted", wanted, "but the free pages are", cache.free_pages()};
  }
  if constexpr (has_parts<C>) {
    if (cache.first_used())
      if (const failure f = check_batch_room(cache.first(), offsets)) return f;
    if (cache.second_used())
      if (const failure f = check_batch_room(cache.second(), offsets)) return f;
  }
  return {};
}
} // namespace detail

/// Appends the rows [offsets[s], offsets[s + 1]) to sequence s, for every sequence of the cache.
///
/// Shapes    k, v: [tokens][kv_heads][dim] with the same offsets: [sequences + 1]
/// Laws      as one append per sequence; a refused call changes nothing
/// Cost      that of the appends
template <class C, class K, class V>
[[nodiscard]] HEED_INLINE failure append_batch(C& cache, const ragged_view<K>& k, const ragged_view<V>& v) noexcept {
  if (const failure f = cache.check()) return f;
  const index_t sequences = cache.sequences();
  if (const failure f = detail::check_offsets("offsets", k.offsets, sequences, k.rows.extent(0))) return f;
  if (const failure f = detail::check_offsets("offsets", v.offsets, sequences, v.rows.extent(0))) return f;
  for (index_t s = 0; s <= sequences; ++s)
    if (k.offsets[s] != v.offsets[s])
      return {errc::bad_value, "v", "offsets", v.offsets[s], "but those of k are", k.offsets[s], s};
  const kv_dims d = cache.source().dims();
  if (sequences > 0)
    if (const failure f = detail::check_fresh(0, sequences, k.rows, v.rows, cache.kv_heads(), d.key_dim, d.value_dim))
      return f;
  if (const failure f = detail::check_batch_room(cache, k.offsets)) return f;
  for (index_t s = 0; s < sequences; ++s) {
    const index_t first = k.offsets[s], n = k.offsets[s + 1] - first;
    if (const failure f = cache.append(s, k.rows.slice(0, first, n), v.rows.slice(0, first, n))) return f;
  }
  return {};
}

} // namespace heed
