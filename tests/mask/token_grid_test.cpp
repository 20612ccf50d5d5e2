// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/token_grid.hpp>

#include <support/random.hpp>

#include <gtest/gtest.h>

namespace heed::test {
namespace {

TEST(mask_token_grid, places_are_row_major_behind_the_first_position) {
  token_grid<3> g;
  g.first = 10;
  g.axis[0].length = 2;
  g.axis[1].length = 3;
  g.axis[2].length = 5;
  EXPECT_EQ(g.size(), 30);
  EXPECT_FALSE(g.holds(9));
  EXPECT_TRUE(g.holds(10) && g.holds(39));
  EXPECT_FALSE(g.holds(40));
  EXPECT_EQ(g.place(10 + 22), (per_axis<3>{1, 1, 2}));
  for (index_t p = 10; p < 40; ++p) EXPECT_EQ(g.position(g.place(p)), p);
}
TEST(mask_token_grid, a_walk_finds_the_places_of_positions_in_any_order) {
  token_grid<3> g;
  g.first = 4;
  g.axis[0].length = 7;
  g.axis[1].length = 3;
  g.axis[2].length = 6;
  random gen(1);
  for (int i = 0; i < 20; ++i) {
    grid_walk<3> walk(g);
    index_t p = g.first;
    for (int j = 0; j < 100; ++j) {
      ASSERT_EQ(walk.go(p), g.place(p));
      const index_t step = gen.integer(0, 3) == 0 ? gen.integer(-60, 60) : gen.integer(0, 14);
      p = g.first + (p - g.first + step + 2 * g.size()) % g.size();
    }
  }
}
} // namespace
} // namespace heed::test
