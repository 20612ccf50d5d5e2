// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The default tuning gives shapes that the kernels accept, for any instruction set, dims and types.
#include <heed/plan/tuning.hpp>

#include <heed/plan/run_call.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using heed::test::refusal;

TEST(plan_tuning, default_shapes_are_accepted_and_chunks_hold_whole_blocks) {
  for (const index_t k : {1, 7, 64, 80, 128, 256, 576, 4096})
    for (const index_t v : {1, 64, 128, 512, 4096})
      for (const index_t bytes : {4, 8}) {
        const auto a = plan_detail::this_isa<float>();
        const tile_shape s = default_tuning{}(a, {k, v, bytes});
        EXPECT_EQ(refusal(plan_detail::check_shape<float>(s)), refusal());
        EXPECT_EQ(
            refusal(plan_detail::check_shape<double>(default_tuning{}(plan_detail::this_isa<double>(), {k, v, 8}))),
            refusal());
        EXPECT_EQ(s.chunk_slots % s.block_keys, 0);
        EXPECT_EQ(s.decode_chunk_slots % s.decode_block_keys, 0);
        EXPECT_TRUE(s == default_tuning{}(a, {k, v, bytes})) << "the same for the same traits: it is part of the bits";
      }
}

TEST(plan_tuning, large_heads_get_fewer_panels) {
  const auto isa = plan_detail::this_isa<float>();
  index_t last = 8;
  for (const index_t d : {16, 128, 512, 2048, 8192}) {
    const index_t panels = default_tuning{}(isa, {d, d, 4}).panels;
    EXPECT_LE(panels, last);
    EXPECT_GE(panels, 1);
    last = panels;
  }
}
} // namespace
