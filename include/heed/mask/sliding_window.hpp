// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A query sees the keys within a distance to its left and right.
#include <heed/mask/interval_mask.hpp>
#include <heed/problem/call_extents.hpp>

namespace heed {

/// No limit on one side of a window.
inline constexpr index_t unlimited = -1;

/// A query at q sees the keys q - left <= k <= q + right: inclusive counts, so {.left = 127, .right = 0} is 128 keys
/// with the query's own. FlashAttention's window_size = (L, R) and FlashInfer's window_left = L mean the same;
/// "sliding_window = 128" of the Hugging Face models and llama.cpp's n_swa count the query's own key: left = 127.
///
/// Units     tokens; `unlimited` (-1) lifts the limit of a side
/// Requires  left >= -1, right >= -1, else errc::bad_value
/// Laws      bit_mask, tight_mask, interval_mask; {unlimited, 0} equals causal
/// Cost      O(rows) per call of runs where the rows' windows touch, else O(rows) per run; O(rows + keys) per call of
/// bits
struct sliding_window {
  static constexpr bool tight = true;

  index_t left = unlimited, right = 0;

  [[nodiscard]] HEED_INLINE constexpr range visible(index_t, index_t q) const noexcept {
    return {left < 0 ? all_positions.begin : q - lesser(left, all_positions.end),
            right < 0 ? all_positions.end : q + lesser(right, all_positions.end) + 1};
  }
  [[nodiscard]] HEED_INLINE constexpr bool allows(cell at) const noexcept { return holds(visible(at.seq, at.q), at.k); }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return interval_runs(*this, t, out);
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    interval_bits(*this, t, k, rows);
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents&) const noexcept {
    if (left < unlimited) return {errc::bad_value, "sliding_window", "left", left, "the least is", unlimited};
    if (right < unlimited) return {errc::bad_value, "sliding_window", "right", right, "the least is", unlimited};
    return {};
  }
};

static_assert(bit_mask<sliding_window> && tight_mask<sliding_window> && interval_mask<sliding_window>);
static_assert(self_checking<sliding_window>);

} // namespace heed
