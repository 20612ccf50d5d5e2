// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// How large a kernel's tiles are. Part of the bits: two calls with different shapes may differ in the last ones.
#include <heed/concepts.hpp>

namespace heed {

/// Sizes that a tuning chooses, from instruction set, dims and types, never from cache sizes or worker counts.
///
/// Units     lanes: query rows x heads; keys and slots: stored rows
struct tile_shape {
  index_t panels = 1;         ///< panels of lanes that share one block of keys (prefill)
  index_t block_keys = 96;    ///< keys per block (prefill), at most key_block::capacity
  index_t chunk_slots = 1152; ///< visited slots per chunk (prefill); a chunk has a state of its own
  index_t few_lanes = 8;      ///< rows x group up to here take the decode kernel, more the prefill kernel
  index_t decode_block_keys = 32;
  index_t decode_chunk_slots = 512;
  friend HEED_INLINE constexpr bool operator==(const tile_shape& a, const tile_shape& b) noexcept {
    return a.panels == b.panels && a.block_keys == b.block_keys && a.chunk_slots == b.chunk_slots &&
           a.few_lanes == b.few_lanes && a.decode_block_keys == b.decode_block_keys &&
           a.decode_chunk_slots == b.decode_chunk_slots;
  }
};

/// What a tuning may look at.
struct isa_traits {
  index_t vector_bytes; ///< width of a vector register
  index_t panel_lanes;  ///< lanes of one panel of the prefill kernel
  index_t few_lanes;    ///< the most that the decode kernel serves
};
struct problem_traits {
  index_t key_dim, value_dim;
  index_t accum_bytes; ///< 4 or 8
};

/// An empty type that maps traits to a shape.
template <class T>
concept tuning = std::is_empty_v<T> && requires(isa_traits isa, problem_traits p) {
  { T{}(isa, p) }
  noexcept->std::same_as<tile_shape>;
};

} // namespace heed
