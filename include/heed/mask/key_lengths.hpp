// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Each sequence has its own count of valid keys.
#include <heed/mask/check_list.hpp>
#include <heed/mask/interval_mask.hpp>
#include <heed/view/footprint.hpp>

namespace heed {

/// Queries of sequence s see the keys at positions below lengths[s]: padded batches ("key padding mask", ONNX
/// nonpad_kv_seqlen).
///
/// Shapes    lengths: [sequences]
/// Requires  0 <= lengths[s] <= tokens seen, else errc::bad_value, errc::length_out_of_range
/// Laws      bit_mask, tight_mask, interval_mask
/// Cost      O(rows) per call of runs; O(rows + keys) per call of bits
struct key_lengths {
  static constexpr bool tight = true;

  index_list lengths{};

  [[nodiscard]] HEED_INLINE constexpr range visible(index_t seq, index_t) const noexcept {
    return {all_positions.begin, lengths[seq]};
  }
  [[nodiscard]] HEED_INLINE constexpr bool allows(cell at) const noexcept { return at.k < lengths[at.seq]; }
  [[nodiscard]] HEED_INLINE index_t runs(const tile& t, std::span<key_run> out) const noexcept {
    return interval_runs(*this, t, out);
  }
  HEED_INLINE void bits(const tile& t, std::span<const index_t> k, std::span<const index_t>,
                        std::span<std::uint64_t> rows) const noexcept {
    interval_bits(*this, t, k, rows);
  }
  [[nodiscard]] HEED_INLINE bool touches(const footprint& f) const noexcept {
    return may_share(f, footprint_of(lengths));
  }
  [[nodiscard]] HEED_INLINE failure check(const call_extents& e) const noexcept {
    if (const failure f = detail::check_per_sequence("key_lengths", "lengths", "count of lengths", lengths, 0, e))
      return f;
    for (index_t s = 0; s < e.sequences; ++s)
      if (const index_t n = lengths[s]; n > e.seen(s))
        return {errc::length_out_of_range, "key_lengths", "lengths", n, "the tokens seen are", e.seen(s), s};
    return {};
  }
};

static_assert(bit_mask<key_lengths> && tight_mask<key_lengths> && interval_mask<key_lengths>);
static_assert(self_checking<key_lengths>);

} // namespace heed
