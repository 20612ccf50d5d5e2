// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Every query sees the first keys of its sequence: attention sinks.
#include <heed/mask/interval_mask.hpp>
#include <heed/problem/call_extents.hpp>

namespace heed {

/// Every query sees the keys at positions below count, whatever its own position: the sinks of StreamingLLM. With a
/// window, causally: all_of(causal{}, any_of(first_keys{4}, sliding_window{255, 0})).
///
/// Units     tokens
/// Requires  count >= 0, else errc::bad_value
/// Laws      bit_mask, tight_mask, interval_mask
/// Cost      O(rows) per call of runs; O(rows + keys) per call of bits
/// Source    Xiao et al. 2023, Efficient Streaming Language Models with Attention Sinks, section 3.2
struct first_keys {
  static constexpr bool tight = true;

  index_t count = 0;

  [[nodiscard]] HEED_INLINE constexpr range visible(index_t, index_t) const noexcept {
    return {all_positions.begin, count};
  }
  [[nodiscard]] HEED_INLINE constexpr bool allows(cell at) const noexcept { return at.k < count; }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return interval_runs(*this, t, out);
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    interval_bits(*this, t, k, rows);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents&) const noexcept {
    if (count < 0) return {errc::bad_value, "first_keys", "count", count, "the least is", 0};
    return {};
  }
};

static_assert(bit_mask<first_keys> && tight_mask<first_keys> && interval_mask<first_keys>);
static_assert(self_checking<first_keys>);

} // namespace heed
