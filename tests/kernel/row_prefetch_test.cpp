// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/kernel/row_prefetch.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace {
using namespace heed;

TEST(kernel_row_prefetch, ticks_reach_the_last_line_and_no_further) {
  const auto block = std::make_unique<key_block>();
  std::byte memory[512];
  for (index_t i = 0; i < 5; ++i) block->key[i] = block->value[i] = memory;
  for (const index_t ticks : {1, 3, 7, 40}) {
    kernel::row_prefetch ahead(block.get(), 5, ticks, 100, 64); // two lines and one
    index_t fetched = 0;
    for (index_t t = 0; t < ticks; ++t) {
      const index_t row = ahead.at, byte = ahead.byte;
      ahead.tick();
      const index_t lines = (ahead.at - row) * 3 + (ahead.byte - byte) / 64;
      EXPECT_LE(lines, ahead.lines);
      fetched += lines;
    }
    EXPECT_EQ(fetched, 15);
    EXPECT_EQ(ahead.at, 5);
    ahead.tick();
    EXPECT_EQ(ahead.at, 5);
    EXPECT_EQ(ahead.byte, 0);
  }
}

TEST(kernel_row_prefetch, values_that_are_a_part_of_their_keys_are_not_asked_for) {
  const auto block = std::make_unique<key_block>();
  std::byte memory[256];
  block->key[0] = block->key[1] = memory; // value pointers stay null
  kernel::row_prefetch ahead(block.get(), 2, 4, 128, 0);
  EXPECT_EQ(ahead.lines, 1);
  ahead.tick();
  EXPECT_EQ(ahead.byte, 64);
  ahead.tick();
  EXPECT_EQ(ahead.at, 1);
}

TEST(kernel_row_prefetch, none_fetches_nothing) {
  kernel::row_prefetch none;
  none.tick();
  EXPECT_EQ(none.at, 0);
  const kernel::row_prefetch empty(nullptr, 0, 8, 512, 512);
  EXPECT_EQ(empty.lines, 0);
}

} // namespace
