// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// A query sees the keys at and before its own position.
#include <heed/mask/interval_mask.hpp>

namespace heed {

/// A query sees the keys at and before its own position: k <= q. Which position a query row has is the call's business:
/// by default the last row sits at the last position seen ("bottom-right"), so 2 rows over 5 keys give 11110 / 11111
/// and 5 rows over 2 keys leave rows 0 to 2 empty.
///
/// Laws      bit_mask, tight_mask, interval_mask
/// Cost      O(rows) per call of runs; O(rows + keys) per call of bits
struct causal {
  static constexpr bool tight = true;

  [[nodiscard]] HEED_INLINE constexpr range visible(index_t, index_t q) const noexcept {
    return {all_positions.begin, q + 1};
  }
  [[nodiscard]] HEED_INLINE constexpr bool allows(cell at) const noexcept { return at.k <= at.q; }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return interval_runs(*this, t, out);
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    interval_bits(*this, t, k, rows);
  }
};

static_assert(bit_mask<causal> && tight_mask<causal> && interval_mask<causal>);

} // namespace heed
