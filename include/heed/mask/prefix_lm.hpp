// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Causal, with a prefix that everyone sees.
#include <heed/mask/check_list.hpp>
#include <heed/mask/interval_mask.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// A query sees the keys at and before its own position and all keys of its sequence's prefix: k < prefix[s] or k <= q.
///
/// Shapes    prefix: [sequences]
/// Units     tokens
/// Requires  prefix[s] >= 0, else errc::bad_value; a prefix longer than the tokens seen is legal (its rest is to come)
/// Laws      bit_mask, tight_mask, interval_mask; prefix 0 equals causal
/// Cost      O(rows) per call of runs; O(rows + keys) per call of bits
/// Source    Raffel et al. 2020, Exploring the Limits of Transfer Learning, section 3.2.1
struct prefix_lm {
  static constexpr bool tight = true;

  index_list prefix{};

  [[nodiscard]] HEED_INLINE constexpr range visible(index_t seq, index_t q) const noexcept {
    return {all_positions.begin, greater(prefix[seq], q + 1)};
  }
  [[nodiscard]] HEED_INLINE constexpr bool allows(cell at) const noexcept {
    return at.k <= at.q || at.k < prefix[at.seq];
  }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return interval_runs(*this, t, out);
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    interval_bits(*this, t, k, rows);
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(prefix));
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    return detail::check_per_sequence("prefix_lm", "prefix", "count of prefixes", prefix, 0, e);
  }
};

static_assert(bit_mask<prefix_lm> && tight_mask<prefix_lm> && interval_mask<prefix_lm>);
static_assert(self_checking<prefix_lm>);

} // namespace heed
