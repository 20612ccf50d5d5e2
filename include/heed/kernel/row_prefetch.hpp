// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Fetches the rows of the next block of keys while the products of this one are under way.
#include <heed/simd/batch.hpp>
#include <heed/stream/key_blocks.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Asks for rows beside the stream of a tile, so many lines at each step: the queries of the tile to come and the
/// outputs of this one, which a tile that sees few keys would wait for otherwise. Asking for outputs to write them
/// gained nothing over asking to read.
struct tile_prefetch {
  static constexpr index_t line_bytes = 64;
  /// count rows of `bytes` each.
  struct row_list {
    const std::byte* const* row = nullptr;
    index_t count = 0, bytes = 0;
    [[nodiscard]] HEED_INLINE index_t lines() const noexcept { return count * ((bytes + line_bytes - 1) / line_bytes); }
  };
  static constexpr index_t most_lists = 2;
  row_list list[most_lists];
  index_t lists = 0;
  index_t lines = 0;                 ///< at each tick
  index_t at = 0, row = 0, byte = 0; ///< the next line: list, row of it, and place in the row

  /// Adds rows behind those that are there.
  HEED_INLINE void add(const row_list& rows) noexcept {
    if (rows.lines() > 0) list[lists++] = rows;
  }
  /// As many lines at a tick as bring all rows within `ticks`.
  HEED_INLINE void spread_over(index_t ticks) noexcept {
    index_t all = 0;
    for (index_t i = 0; i < lists; ++i) all += list[i].lines();
    lines = ticks > 0 ? (all + ticks - 1) / ticks : all;
  }
  HEED_INLINE void tick() noexcept {
    for (index_t n = 0; n < lines && at < lists; ++n) {
      const row_list& from = list[at];
      simd::prefetch_far(from.row[row] + byte);
      byte += line_bytes;
      if (byte < from.bytes) continue;
      byte = 0;
      if (++row < from.count) continue;
      row = 0;
      ++at;
    }
  }
};

/// A few cache lines at each step of either product, into the second-level cache: in bursts, or during the scores
/// alone, rows beyond the caches come late. Zen 4, 2 threads, rows of 2304 bytes, 32k keys, 16 lanes: 79 % of the
/// multiply-add rate, against 65 % for whole rows between the groups of the scores into the first-level cache, and 70 %
/// for those into the second; 8 heads, D 128, S 8192: 88 against 84 %. What lies in the caches keeps its rate.
struct row_prefetch {
  static constexpr index_t line_bytes = 64;
  const key_block* next = nullptr;
  index_t rows = 0, lines = 0; ///< rows to fetch; lines at each tick
  index_t key_bytes = 0, value_bytes = 0;
  index_t at = 0, byte = 0;        ///< the next line: row, and place in its key, which its value follows
  row_prefetch* urgent = nullptr;  ///< goes along: of a block that no other was before
  tile_prefetch* beside = nullptr; ///< goes along

  /// As many lines at a tick as bring `count` rows within `ticks`.
  HEED_INLINE row_prefetch(const key_block* block, index_t count, index_t ticks, index_t key, index_t value,
                           tile_prefetch* with = nullptr) noexcept
      : next(block), rows(count), key_bytes(key), value_bytes(value), beside(with) {
    const index_t all = count * (lines_of(key) + lines_of(value));
    lines = ticks > 0 ? (all + ticks - 1) / ticks : 0;
  }
  HEED_INLINE row_prefetch() noexcept = default;

  HEED_INLINE void tick() noexcept {
    if (urgent != nullptr) urgent->tick_once();
    tick_once();
    if (beside != nullptr) beside->tick();
  }

private:
  HEED_INLINE void tick_once() noexcept {
    const index_t key_end = lines_of(key_bytes) * line_bytes;
    for (index_t n = 0; n < lines && at < rows; ++n) {
      simd::prefetch_far(byte < key_end ? next->key[at] + byte : next->value[at] + (byte - key_end));
      byte += line_bytes;
      if (byte < key_end + value_bytes) continue;
      byte = 0;
      ++at;
    }
  }
  static HEED_INLINE index_t lines_of(index_t bytes) noexcept { return (bytes + line_bytes - 1) / line_bytes; }
};

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
