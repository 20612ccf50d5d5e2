// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Every query sees every key.
#include <heed/mask/run_cursor.hpp>

namespace heed {

/// Every query sees every key.
///
/// Laws      bit_mask, tight_mask
/// Cost      O(1) per call of runs
struct full {
  static constexpr bool tight = true;

  [[nodiscard]] HEED_INLINE constexpr range visible(index_t, index_t) const noexcept { return all_positions; }
  [[nodiscard]] HEED_INLINE constexpr bool allows(cell) const noexcept { return true; }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    if (t.rows.empty() || t.k.empty()) return 0;
    out[0] = {t.k, coverage::full};
    return 1;
  }
  HEED_INLINE void bits(const tile&, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    for (std::size_t j = 0; j < k.size(); ++j) rows[j] = ~std::uint64_t{0};
  }
};

static_assert(bit_mask<full> && tight_mask<full>);

} // namespace heed
