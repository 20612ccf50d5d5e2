// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Asks for the rows of several blocks in address order while other rows are worked on.
#include <heed/simd/batch.hpp>
#include <heed/stream/key_blocks.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Asks for the cache lines of rows, a few at a time, into the second-level cache.
class row_walk {
public:
  /// rows: [count + 1], the last one twice. bytes: of a row; 0 asks for nothing.
  HEED_INLINE row_walk(const std::byte* const* rows, index_t count, index_t bytes) noexcept
      : next_(rows), last_(rows + count), bytes_(bytes > 0 ? bytes : 1) {
    if (bytes == 0) next_ = last_ = rows;
    take();
  }
  /// Asks for the next `Lines` lines. What is more than a row has left lies behind its end; when all rows were asked
  /// for it is the last one's turn again.
  template <int Lines> HEED_INLINE void step() noexcept {
    heed::detail::unroll<Lines>([&](auto i) HEED_BODY { simd::prefetch_far(at_ + line * i); });
    at_ += line * Lines;
    if (at_ >= end_) take();
  }
  /// Asks for what is left.
  HEED_INLINE void finish() noexcept {
    while (next_ != last_) step<1>();
    for (; at_ < end_; at_ += line) simd::prefetch_far(at_);
  }
  /// Rows that were not begun.
  [[nodiscard]] HEED_INLINE index_t left() const noexcept { return last_ - next_; }

private:
  static constexpr index_t line = 64;
  HEED_INLINE void take() noexcept {
    at_ = *next_;
    end_ = at_ + bytes_;
    if (next_ != last_) ++next_;
  }
  const std::byte *at_, *end_;
  const std::byte *const *next_, *const *last_;
  index_t bytes_;
};

/// Three walks at one pace: rows of blocks to come, once more those of the next block to be read, and those a few rows
/// on in the block that is read. A request that comes faster than memory answers is dropped (Zen 4: at less than 9
/// cycles per line), and those of a block are that close; each time more lines are there. f32, 8 heads of 512 bytes,
/// 16k keys, GB/s of one thread of 25 that a plain read gets: 23 with all, 20 without the last, 17 with the first
/// alone.
struct row_fetch {
  static constexpr index_t near_rows = 8;
  row_walk ahead, again, near;
  template <int Lines> HEED_INLINE void step() noexcept {
    ahead.template step<Lines>();
    again.template step<Lines>();
    near.template step<Lines>();
  }
};

enum class block_rows : unsigned char { keys, values };

/// Lists the rows of `count` blocks in address order: the first of each, the second of each, and so on, and the last
/// once more. list: [rows + 1]. Returns the rows.
HEED_INLINE index_t list_rows(const key_block* blocks, index_t count, block_rows of, const std::byte** list) noexcept {
  index_t most = 0;
  for (index_t i = 0; i < count; ++i) most = greater(most, blocks[i].count);
  const std::byte** at = list;
  for (index_t j = 0; j < most; ++j)
    for (index_t i = 0; i < count; ++i)
      if (j < blocks[i].count) *at++ = of == block_rows::keys ? blocks[i].key[j] : blocks[i].value[j];
  const index_t rows = at - list;
  *at = rows > 0 ? at[-1] : reinterpret_cast<const std::byte*>(blocks); // a line that is there
  return rows;
}

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
