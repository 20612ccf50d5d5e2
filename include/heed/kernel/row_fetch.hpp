// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Asks for the rows of several blocks in address order while other rows are worked on.
#include <heed/simd/batch.hpp>
#include <heed/stream/key_blocks.hpp>

namespace heed {
inline namespace HEED_ISA {
namespace kernel {

/// Walks the key or value rows of `count` blocks, the first row of each, then the second of each, and asks for their
/// cache lines a few at a time, into the second-level cache.
class row_fetch {
public:
  enum class rows : unsigned char { keys, values };

  /// bytes: of a row; 0 asks for nothing.
  HEED_INLINE row_fetch(const key_block* blocks, index_t count, rows of, index_t bytes) noexcept
      : blocks_(blocks), count_(bytes > 0 ? count : 0), bytes_(bytes), of_(of) {
    for (index_t i = 0; i < count_; ++i) most_ = greater(most_, blocks[i].count);
    i_ = -1;
    next_row();
  }
  /// Asks for the next `Lines` lines; more than a row has left is asked for behind its end.
  template <int Lines> HEED_INLINE void step() noexcept {
    heed::detail::unroll<Lines>([&](auto i) HEED_BODY { simd::prefetch_far(at_ + 64 * i); });
    at_ += 64 * Lines;
    if (at_ >= end_) next_row();
  }
  /// Asks for what is left.
  HEED_INLINE void finish() noexcept {
    while (j_ < most_) step<1>();
  }
  [[nodiscard]] HEED_INLINE bool done() const noexcept { return j_ >= most_; }

private:
  HEED_INLINE void next_row() noexcept {
    while (j_ < most_) {
      if (++i_ == count_) {
        i_ = 0;
        ++j_;
      }
      if (j_ >= most_) break;
      if (j_ >= blocks_[i_].count) continue;
      at_ = of_ == rows::keys ? blocks_[i_].key[j_] : blocks_[i_].value[j_];
      end_ = at_ + bytes_;
      return;
    }
    at_ = end_ = reinterpret_cast<const std::byte*>(blocks_); // a line that is there
  }

  const key_block* blocks_;
  const std::byte *at_ = nullptr, *end_ = nullptr;
  index_t count_, bytes_, most_ = 0, i_ = 0, j_ = 0;
  rows of_;
};

} // namespace kernel
} // namespace HEED_ISA
} // namespace heed
