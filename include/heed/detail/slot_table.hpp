// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What tables with a row of slots per key-value head share: how large they are.
#include <heed/error.hpp>

namespace heed::detail {

/// kv_heads * max_slots entries of `entry_bytes`; reports, and returns 0, where there can be no such table.
HEED_INLINE index_t checked_table(const char* table, index_t kv_heads, index_t max_slots, index_t entry_bytes) {
  index_t n = 0;
  if (kv_heads < 1)
    report({errc::bad_extent, table, "kv_heads", kv_heads, "the least is", 1});
  else if (max_slots < 0)
    report({errc::bad_extent, table, "max_slots", max_slots, "the least is", 0});
  else if (__builtin_mul_overflow(kv_heads, max_slots, &n) || n > (index_t{1} << 62) / entry_bytes)
    report({errc::size_overflow, table, "max_slots", max_slots, "too large for heads:", kv_heads});
  else
    return n;
  return 0;
}

/// Slots of the longest head of a source's first sequence.
template <class K> HEED_INLINE index_t longest_head(const K& kv) noexcept {
  index_t most = 0;
  for (index_t h = 0; h < kv.dims().kv_heads; ++h) most = kv.slots(0, h) > most ? kv.slots(0, h) : most;
  return most;
}

} // namespace heed::detail
