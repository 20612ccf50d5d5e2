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

TEST(kernel_row_prefetch, rows_beside_are_asked_for_list_by_list) {
  std::byte memory[256];
  const std::byte* const rows[3] = {memory, memory, memory};
  for (const index_t ticks : {1, 4, 9, 50}) {
    kernel::tile_prefetch beside;
    beside.add({rows, 3, 130}); // three lines each
    beside.add({rows, 0, 64});
    beside.add({rows, 2, 64});
    beside.spread_over(ticks);
    EXPECT_EQ(beside.lists, 2);
    EXPECT_EQ(beside.lines, (11 + ticks - 1) / ticks);
    index_t n = 0;
    while (beside.at < beside.lists && n <= ticks) {
      beside.tick();
      ++n;
    }
    EXPECT_EQ(n, (11 + beside.lines - 1) / beside.lines);
    beside.tick();
    EXPECT_EQ(beside.at, 2);
    EXPECT_EQ(beside.row, 0);
    EXPECT_EQ(beside.byte, 0);
  }
}

TEST(kernel_row_prefetch, a_tick_takes_along_what_is_urgent_and_what_is_beside) {
  const auto block = std::make_unique<key_block>();
  std::byte memory[256];
  for (index_t i = 0; i < 3; ++i) block->key[i] = block->value[i] = memory;
  const std::byte* const rows[1] = {memory};
  kernel::tile_prefetch beside;
  beside.add({rows, 1, 64});
  beside.spread_over(1);
  kernel::row_prefetch first(block.get(), 2, 1, 64, 64), ahead(block.get(), 3, 3, 64, 64, &beside);
  ahead.urgent = &first;
  ahead.tick();
  EXPECT_EQ(ahead.at, 1);
  EXPECT_EQ(first.at, 2);
  EXPECT_EQ(beside.at, 1);
}

} // namespace
