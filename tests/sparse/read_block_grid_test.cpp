// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/sparse/read_block_grid.hpp>

#include "reader_checks.hpp"

namespace heed::test {
namespace {
TEST(sparse_read_block_grid, gives_back_the_blocks_of_a_grid_with_any_strides) {
  const block_shape shape{
      .rows = 70, .keys = 90, .block_rows = 16, .block_keys = 8, .lists = 3, .heads_per_list = 2, .sequences = 2};
  const block_lists want = drawn_blocks(shape, {.5, 1, 0}, seed_or(1));
  const index_t rows = want.row_blocks(), keys = want.key_blocks(), wide = keys + 3;
  std::vector<std::uint8_t> grid(static_cast<std::size_t>(2 * 3 * rows * wide), 1);
  const tensor_view<const std::uint8_t, 4> kept(grid.data(), {2, 3, rows, keys},
                                                {3 * rows * wide, rows * wide, wide, 1});
  for (index_t s = 0; s < 2; ++s)
    for (index_t l = 0; l < 3; ++l)
      for (index_t r = 0; r < rows; ++r)
        for (index_t b = 0; b < keys; ++b) {
          const list row = of(want.full_row(s, l, r));
          grid[static_cast<std::size_t>(((s * 3 + l) * rows + r) * wide + b)] =
              std::find(row.begin(), row.end(), b) != row.end() ? 7 : 0;
        }
  block_lists got;
  read_block_grid(shape, kept, got);
  expect_same_blocks(got, want);
  read_block_grid(shape, kept, got, coverage::partial);
  EXPECT_EQ(of(got.partial_row(1, 2, 3)), of(want.full_row(1, 2, 3)));
  EXPECT_TRUE(got.full_row(1, 2, 3).empty());
}
TEST(sparse_read_block_grid, reads_bool) {
  const bool kept[] = {true, false, false, true};
  block_lists got;
  read_block_grid({.rows = 2, .keys = 2, .block_rows = 1, .block_keys = 1}, view(kept, 1, 1, 2, 2), got);
  EXPECT_EQ(of(got.full_row(0, 0, 0)), (list{0}));
  EXPECT_EQ(of(got.full_row(0, 0, 1)), (list{1}));
}
TEST(sparse_read_block_grid, refuses_what_does_not_fit) {
  const std::vector<std::uint8_t> grid(64, 1);
  block_lists out({.rows = 5, .keys = 5});
  const block_shape shape{.rows = 20, .keys = 30, .block_rows = 10, .block_keys = 10};
  const auto says_of = [&](const block_shape& s, index_t b, index_t h, index_t m, index_t n) {
    return says([&] { read_block_grid(s, view(grid.data(), b, h, m, n), out); });
  };
  EXPECT_EQ(says_of(shape, 1, 1, 2, 3), "");
  out.reset({.rows = 5, .keys = 5});
  EXPECT_EQ(says_of(shape, 2, 1, 2, 3), "read_block_grid: sequences is 2, the shape has 1");
  EXPECT_EQ(says_of(shape, 1, 2, 2, 3), "read_block_grid: lists is 2, the shape has 1");
  EXPECT_EQ(says_of(shape, 1, 1, 3, 3), "read_block_grid: row blocks is 3, the shape has 2");
  EXPECT_EQ(says_of(shape, 1, 1, 2, 4), "read_block_grid: key blocks is 4, the shape has 3");
  EXPECT_EQ(says_of({.rows = -1}, 1, 1, 2, 3), "block_lists: rows is -1, the least is 0");
  EXPECT_EQ(says([&] { read_block_grid(shape, view(grid.data(), 1, 1, 2, 3), out, coverage::none); }),
            "read_block_grid: cover is 0, it must be partial (1) or full, 2");
  const std::uint8_t* nowhere = nullptr;
  EXPECT_EQ(says([&] { read_block_grid(shape, view(nowhere, 1, 1, 2, 3), out); }),
            "read_block_grid: kept is 0, a null pointer to blocks: 6");
  EXPECT_EQ(out.shape().rows, 5) << "out was touched";
}
} // namespace
} // namespace heed::test
