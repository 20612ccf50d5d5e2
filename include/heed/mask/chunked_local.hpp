// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Causal inside chunks of fixed length: the local layers of Llama 4.
#include <heed/mask/interval_mask.hpp>
#include <heed/problem/call_extents.hpp>

namespace heed {

/// Positions are cut into chunks of `chunk` tokens; a query sees the keys of its own chunk at and before its own
/// position. It is causal by itself: one stretch per query is cheaper than all_of(..., causal{}).
///
/// Units     tokens
/// Requires  chunk >= 1, else errc::bad_value
/// Laws      bit_mask, tight_mask, interval_mask; a chunk longer than the sequence equals causal
/// Cost      O(rows) per call of runs; O(rows + keys) per call of bits
/// Source    Llama 4 (attention_chunk_size in Hugging Face transformers, create_chunked_causal_mask)
struct chunked_local {
  static constexpr bool tight = true;

  index_t chunk = 8192;

  [[nodiscard]] HEED_INLINE constexpr range visible(index_t, index_t q) const noexcept {
    return {q < 0 ? 0 : q - q % chunk, q + 1};
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
    if (chunk < 1) return {errc::bad_value, "chunked_local", "chunk", chunk, "the least is", 1};
    return {};
  }
};

static_assert(bit_mask<chunked_local> && tight_mask<chunked_local> && interval_mask<chunked_local>);
static_assert(self_checking<chunked_local>);

} // namespace heed
