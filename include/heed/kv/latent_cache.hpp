// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A paged cache of latent rows (MLA) that grows: one row per token, of which the value is a part.
#include <heed/kv/latent.hpp>
#include <heed/kv/paged_cache.hpp>

namespace heed {

/// paged_cache over one pool of latent rows; source() is what latent(pool, row, table) gives. A token costs exactly
/// dim x element size bytes of the pool. Append rows with append(seq, rows), rows [tokens][1][dim].
///
/// Shapes    pool: [pages][page][dim]
/// Requires  a row as latent wants it, else check() says so; paged_cache_memory::kv_heads 0 or 1
/// Laws      as paged_cache
template <class T>
[[nodiscard]] HEED_INLINE paged_cache<T, T, true> latent_cache(const tensor_view<T, 3>& pool, const latent_row& row,
                                                               const paged_cache_memory& memory) noexcept {
  const tensor_view<T, 4> keys(pool.data(), {pool.extent(0), pool.extent(1), 1, pool.extent(2)},
                               {pool.stride(0), pool.stride(1), 0, pool.stride(2)});
  const bool inside = row.value_offset >= 0 && row.value_offset <= pool.extent(2);
  return {keys, keys.slice(3, inside ? row.value_offset : 0, row.value_dim), memory, row.value_offset};
}

} // namespace heed
