// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The shapes that measurements chose.
#include <heed/plan/tile_shape.hpp>

namespace heed {

/// Used unless a call brings a tuning of its own.
///
/// panels       as many, up to 4, as keep packed queries and two output states of a worker below about 1.2 MiB
/// block_keys   96: f32, Zen 4, S 2048: D 128 91.8 % of the FMA peak against 90.3 (64 and 128 keys) and 89.3 (192)
/// chunk_slots  12 blocks: a whole number of blocks, so that chunks cost no short block
struct default_tuning {
  HEED_INLINE constexpr tile_shape operator()(isa_traits isa, problem_traits p) const noexcept {
    tile_shape s;
    const index_t per_panel = isa.panel_lanes * (p.key_dim + 2 * p.value_dim) * p.accum_bytes;
    constexpr index_t room = 1200 * 1024;
    s.panels = per_panel * 4 <= room ? 4 : per_panel * 3 <= room ? 3 : per_panel * 2 <= room ? 2 : 1;
    // Large heads: the unpacked block must stay small too.
    s.block_keys = (p.key_dim + p.value_dim) * p.accum_bytes * 96 <= 512 * 1024 ? 96 : 48;
    s.chunk_slots = 1152;
    s.few_lanes = isa.few_lanes;
    return s;
  }
};
static_assert(tuning<default_tuning>);

} // namespace heed
