// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Fetches the rows of the next block of keys while the products of this one are under way.
#include <heed/simd/batch.hpp>
#include <heed/stream/key_blocks.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// A few cache lines at each step of either product, into the second-level cache: in bursts, or during the scores
/// alone, rows beyond the caches come late. Zen 4, 2 threads, rows of 2304 bytes, 32k keys, 16 lanes: 79 % of the
/// multiply-add rate, against 65 % for whole rows between the groups of the scores into the first-level cache, and 70 %
/// for those into the second; 8 heads, D 128, S 8192: 88 against 84 %. What lies in the caches keeps its rate.
struct row_prefetch {
  static constexpr index_t line_bytes = 64;
  const key_block* next = nullptr;
  index_t rows = 0, lines = 0; ///< rows to fetch; lines at each tick
  index_t key_bytes = 0, value_bytes = 0;
  index_t at = 0, byte = 0; ///< the next line: row, and place in its key, which its value follows

  /// As many lines at a tick as bring `count` rows within `ticks`.
  HEED_INLINE row_prefetch(const key_block* block, index_t count, index_t ticks, index_t key, index_t value) noexcept
      : next(block), rows(count), key_bytes(key), value_bytes(value) {
    const index_t all = count * (lines_of(key) + lines_of(value));
    lines = (all + ticks - 1) / ticks;
  }
  HEED_INLINE row_prefetch() noexcept = default;

  HEED_INLINE void tick() noexcept {
    const index_t key_end = lines_of(key_bytes) * line_bytes;
    for (index_t n = 0; n < lines && at < rows; ++n) {
      simd::prefetch_far(byte < key_end ? next->key[at] + byte : next->value[at] + (byte - key_end));
      byte += line_bytes;
      if (byte < key_end + value_bytes) continue;
      byte = 0;
      ++at;
    }
  }

private:
  static HEED_INLINE index_t lines_of(index_t bytes) noexcept { return (bytes + line_bytes - 1) / line_bytes; }
};

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
