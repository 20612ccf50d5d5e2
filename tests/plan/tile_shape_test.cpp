// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Tile shapes are equal if every size is; a tuning is an empty function object.
#include <heed/plan/tile_shape.hpp>

#include <gtest/gtest.h>

namespace {
using namespace heed;

TEST(plan_tile_shape, differ_if_any_size_does) {
  const tile_shape a;
  EXPECT_TRUE(a == tile_shape{});
  for (index_t tile_shape::*size :
       {&tile_shape::panels, &tile_shape::block_keys, &tile_shape::chunk_slots, &tile_shape::few_lanes,
        &tile_shape::decode_block_keys, &tile_shape::decode_chunk_slots}) {
    tile_shape b;
    ++(b.*size);
    EXPECT_FALSE(a == b);
  }
}

struct holds_a_number {
  int n;
  tile_shape operator()(isa_traits, problem_traits) const noexcept { return {}; }
};
struct may_throw {
  tile_shape operator()(isa_traits, problem_traits) const { return {}; }
};
struct empty_one {
  tile_shape operator()(isa_traits, problem_traits) const noexcept { return {}; }
};
static_assert(tuning<empty_one> && !tuning<holds_a_number> && !tuning<may_throw> && !tuning<int>);
} // namespace
