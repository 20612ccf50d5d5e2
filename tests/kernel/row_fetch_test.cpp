// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Rows of several blocks in address order, all their lines, and an end.
#include <heed/kernel/row_fetch.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace {
using namespace heed;
using kernel::block_rows;
using kernel::row_walk;

TEST(kernel_row_fetch, rows_of_blocks_in_address_order) {
  const auto blocks = std::make_unique<key_block[]>(3);
  const std::vector<std::byte> memory(64);
  const index_t counts[3] = {3, 0, 2};
  for (index_t i = 0; i < 3; ++i) {
    key_block& b = blocks[static_cast<std::size_t>(i)];
    b.count = counts[i];
    for (index_t j = 0; j < counts[i]; ++j) {
      b.key[j] = memory.data() + 10 * i + j;
      b.value[j] = memory.data() + 30 + 10 * i + j;
    }
  }
  const std::byte* list[6];
  for (const auto of : {block_rows::keys, block_rows::values}) {
    const std::byte* const first = memory.data() + (of == block_rows::keys ? 0 : 30);
    ASSERT_EQ(kernel::list_rows(blocks.get(), 3, of, list), 5);
    const index_t want[6] = {0, 20, 1, 21, 2, 2}; // the last once more
    for (index_t i = 0; i < 6; ++i) EXPECT_EQ(list[i], first + want[i]);
  }
  EXPECT_EQ(kernel::list_rows(blocks.get(), 0, block_rows::keys, list), 0);
  EXPECT_NE(list[0], nullptr);
  EXPECT_EQ(kernel::list_rows(blocks.get() + 1, 1, block_rows::keys, list), 0);
}

TEST(kernel_row_fetch, each_row_takes_as_many_steps_as_it_has_lines) {
  const std::vector<std::byte> memory(256);
  const std::vector<const std::byte*> rows(5, memory.data()); // four, the last one twice
  for (const index_t bytes : {1, 64, 200, 256}) {
    row_walk by_line(rows.data(), 4, bytes), by_four(rows.data(), 4, bytes), rest(rows.data(), 4, bytes);
    const index_t lines = (bytes + 63) / 64;
    for (index_t row = 3; row >= 0; --row) {
      EXPECT_EQ(by_line.left(), row);
      EXPECT_EQ(by_four.left(), row) << "a step does not run into the next row";
      for (index_t n = 0; n < lines; ++n) by_line.step<1>();
      by_four.step<4>();
    }
    for (index_t n = 0; n < 10; ++n) by_line.step<2>(); // stays at the last
    EXPECT_EQ(by_line.left(), 0);
    rest.step<1>();
    rest.finish();
    EXPECT_EQ(rest.left(), 0);
  }
}

TEST(kernel_row_fetch, nothing_to_ask_for) {
  const std::vector<std::byte> memory(1);
  const std::byte* const row = memory.data();
  row_walk no_rows(&row, 0, 64), no_bytes(&row, 1, 0);
  EXPECT_EQ(no_rows.left(), 0);
  EXPECT_EQ(no_bytes.left(), 0);
  no_rows.finish();
  no_bytes.finish();
}

TEST(kernel_row_fetch, walks_go_at_one_pace) {
  const std::vector<std::byte> memory(256);
  const std::vector<const std::byte*> rows(5, memory.data());
  kernel::row_fetch all{{rows.data(), 4, 128}, {rows.data(), 4, 64}, {rows.data(), 2, 256}};
  for (index_t n = 0; n < 4; ++n) all.step<1>();
  EXPECT_EQ(all.ahead.left(), 1);
  EXPECT_EQ(all.again.left(), 0);
  EXPECT_EQ(all.near.left(), 0);
}
} // namespace
