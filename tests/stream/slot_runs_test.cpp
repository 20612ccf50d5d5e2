// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The stream of slots: each visible slot once, ascending, as the mask says.
#include <heed/stream/slot_runs.hpp>

#include <gtest/gtest.h>
#include <stream/slotted.hpp>

namespace {
using namespace heed;
using namespace heed::test;

std::vector<coverage> walk(const stream_case& c, const tile& t) {
  std::vector<coverage> seen(c.kv.position.size(), coverage::none);
  slot_runs<table_mask, slotted_source> runs(c.m, c.kv, t);
  range slots;
  coverage cover;
  index_t last = t.slots.begin;
  while (runs.next(slots, cover)) {
    EXPECT_FALSE(slots.empty());
    EXPECT_GE(slots.begin, last) << "ascending, none twice";
    EXPECT_LE(slots.end, t.slots.end);
    EXPECT_NE(cover, coverage::none);
    for (index_t i = slots.begin; i < slots.end; ++i) seen[static_cast<std::size_t>(i)] = cover;
    last = slots.end;
  }
  EXPECT_FALSE(runs.next(slots, cover)) << "the end is the end";
  return seen;
}

TEST(stream_slot_runs, visit_what_the_mask_says_and_nothing_else) {
  index_t visited = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    for (const bool ordered : {true, false}) {
      const stream_case c(seed, static_cast<index_t>(seed % 7 == 0 ? seed % 3 : seed), ordered, false);
      const auto seen = walk(c, c.t);
      for (std::size_t i = 0; i < seen.size(); ++i) {
        ASSERT_EQ(seen[i], c.wanted(static_cast<index_t>(i))) << "seed " << seed << ", slot " << i;
        visited += seen[i] != coverage::none;
      }
    }
  EXPECT_GT(visited, 10000);
}

TEST(stream_slot_runs, a_tile_clipped_to_later_slots_sees_the_rest_of_them) {
  for (std::uint64_t seed = 1000; seed < 1100; ++seed)
    for (const bool ordered : {true, false}) {
      const stream_case c(seed, 90, ordered, false);
      for (const index_t begin : {0, 1, 44, 89, 90}) {
        const auto seen = walk(c, clip(c.t, c.kv, {begin, 90}));
        for (index_t i = 0; i < 90; ++i)
          ASSERT_EQ(seen[static_cast<std::size_t>(i)], i < begin ? coverage::none : c.wanted(i)) << seed << ", " << i;
      }
    }
}

TEST(stream_slot_runs, clip_gives_the_hull_of_positions) {
  test::random gen(5);
  slotted_source kv(gen, 50, true, false);
  std::fill(kv.hole.begin(), kv.hole.end(), char{0});
  const tile all{0, 0, {0, 1}, {}, {}, {0, 1}, {0, 0}, {0, kv.most}};
  const tile t = clip(all, kv, {7, 31});
  EXPECT_EQ(t.k, (range{kv.position[7], kv.position[30] + 1}));
  EXPECT_EQ(t.slots, (range{7, 31}));
  EXPECT_EQ(clip(all, kv, {7, 7}).k, all.k) << "no slots";
  kv.hole[7] = kv.hole[30] = 1;
  EXPECT_EQ(clip(all, kv, {7, 31}).k, (range{0, kv.most})) << "a hole's position is not asked";
  kv.ascends = false;
  EXPECT_EQ(clip(all, kv, {8, 20}).k, (range{0, kv.most}));
}
} // namespace
