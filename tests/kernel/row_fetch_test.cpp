// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Rows of several blocks in address order, and an end.
#include <heed/kernel/row_fetch.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace {
using namespace heed;
using kernel::row_fetch;

TEST(kernel_row_fetch, as_many_steps_as_all_rows_have_lines) {
  const auto blocks = std::make_unique<key_block[]>(3);
  const std::vector<std::byte> memory(1024);
  const index_t counts[3] = {5, 0, 3};
  for (index_t i = 0; i < 3; ++i) {
    blocks[static_cast<std::size_t>(i)].count = counts[i];
    for (index_t j = 0; j < counts[i]; ++j)
      blocks[static_cast<std::size_t>(i)].key[j] = blocks[static_cast<std::size_t>(i)].value[j] = memory.data();
  }
  for (const auto of : {row_fetch::rows::keys, row_fetch::rows::values})
    for (const index_t bytes : {1, 64, 200, 256}) {
      row_fetch ahead(blocks.get(), 3, of, bytes);
      const index_t lines = (bytes + 63) / 64;
      for (index_t n = 0; n < 8 * lines; ++n) {
        ASSERT_FALSE(ahead.done()) << n << " of rows with " << bytes << " bytes";
        ahead.step<1>();
      }
      EXPECT_TRUE(ahead.done());
      ahead.step<4>(); // asks for what is there
      EXPECT_TRUE(ahead.done());
      row_fetch again(blocks.get(), 3, of, bytes);
      for (index_t n = 0; n < 8 * ((lines + 3) / 4); ++n) {
        ASSERT_FALSE(again.done());
        again.step<4>();
      }
      EXPECT_TRUE(again.done()) << "a step does not run into the next row";
      row_fetch rest(blocks.get(), 3, of, bytes);
      rest.finish();
      EXPECT_TRUE(rest.done());
    }
}

TEST(kernel_row_fetch, nothing_to_ask_for) {
  const auto block = std::make_unique<key_block>();
  block->count = 2; // whose pointers stay null
  EXPECT_TRUE(row_fetch(block.get(), 1, row_fetch::rows::values, 0).done());
  EXPECT_TRUE(row_fetch(block.get(), 0, row_fetch::rows::keys, 64).done());
  block->count = 0;
  row_fetch empty(block.get(), 1, row_fetch::rows::keys, 64);
  EXPECT_TRUE(empty.done());
  empty.finish();
}
} // namespace
