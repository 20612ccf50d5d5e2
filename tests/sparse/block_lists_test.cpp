// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/sparse/block_lists.hpp>

#include <support/allocation_counter.hpp>

#include "reader_checks.hpp"

namespace heed::test {
namespace {
TEST(sparse_block_lists, rows_are_read_back_whatever_the_order_of_writing) {
  block_lists l({.rows = 300, .keys = 500, .block_rows = 128, .block_keys = 100, .lists = 2, .sequences = 2});
  EXPECT_EQ(l.row_blocks(), 3);
  EXPECT_EQ(l.key_blocks(), 5);
  EXPECT_EQ(l.stripe_groups(), 0);
  l.set_row(1, 1, 2, list{0, 4}, list{1});
  l.set_row(0, 0, 1, list{3});
  l.set_row(1, 0, 2, {}, list{2, 3});
  EXPECT_EQ(of(l.full_row(1, 1, 2)), (list{0, 4}));
  EXPECT_EQ(of(l.partial_row(1, 1, 2)), (list{1}));
  EXPECT_EQ(of(l.full_row(0, 0, 1)), (list{3}));
  EXPECT_EQ(of(l.partial_row(1, 0, 2)), (list{2, 3}));
  EXPECT_TRUE(l.full_row(0, 1, 0).empty() && l.partial_row(0, 0, 1).empty());
}
TEST(sparse_block_lists, mask_sees_what_was_written) {
  block_lists l(
      {.rows = 20, .keys = 20, .block_rows = 10, .block_keys = 5, .lists = 2, .heads_per_list = 2, .stripe_rows = 20});
  l.set_row(0, 0, 0, list{1}, list{2});
  l.set_row(0, 1, 1, list{3});
  l.set_stripes(0, 1, 0, list{0, 7});
  const auto m = l.mask(causal{});
  const auto sees = [&](index_t head, index_t row, index_t k) { return m.allows({0, head, row, k, row, k}); };
  EXPECT_TRUE(sees(0, 0, 5) && sees(1, 9, 9) && !sees(0, 0, 4) && !sees(2, 0, 5));
  EXPECT_TRUE(!sees(0, 9, 10)); // partial, and behind the query
  EXPECT_TRUE(sees(2, 19, 15) && sees(3, 0, 7) && sees(3, 19, 0) && !sees(3, 19, 1) && !sees(1, 19, 0));
  l.set_heads(std::vector<block_head>{{head_kind::dense}, {head_kind::streaming, 0, 2, 3}, {}, {}});
  const auto kinds = l.mask(causal{});
  EXPECT_TRUE(kinds.allows({0, 0, 3, 19, 3, 19}));
  for (index_t k = 0; k < 20; ++k) EXPECT_EQ(kinds.allows({0, 1, 9, k, 9, k}), k < 2 || (k > 6 && k < 10)) << k;
}
TEST(sparse_block_lists, reset_empties_and_keeps_the_memory) {
  const block_shape shape{.rows = 1000, .keys = 1000, .block_rows = 10, .block_keys = 10, .stripe_rows = 100};
  block_lists l(shape);
  const list all{1, 5, 9};
  const auto fill = [&] {
    for (index_t r = 0; r < 100; ++r) l.set_row(0, 0, r, all, list{});
    for (index_t g = 0; g < 10; ++g) l.set_stripes(0, 0, g, all);
  };
  fill();
  const allocation_scope counted;
  l.reset(shape);
  for (index_t r = 0; r < 100; ++r) EXPECT_TRUE(l.full_row(0, 0, r).empty());
  fill();
  EXPECT_EQ(counted.count(), 0);
}
TEST(sparse_block_lists, malformed_rows_are_refused_by_name_and_value) {
  block_lists l({.rows = 256, .keys = 300, .stripe_rows = 256});
  const list ok{0};
  EXPECT_EQ(says([&] {
              l.set_row(0, 0, 0, list{1, 0});
            }),
            "block_lists: full blocks[1] is 0, it must be above the entry before, 1");
  EXPECT_EQ(says([&] {
              l.set_row(0, 0, 0, list{1, 1});
            }),
            "block_lists: full blocks[1] is 1, it must be above the entry before, 1");
  EXPECT_EQ(says([&] {
              l.set_row(0, 0, 0, list{0, 3});
            }),
            "block_lists: full blocks[1] is 3, it must be at least 0 and below 3");
  EXPECT_EQ(says([&] { l.set_row(0, 0, 0, list{-1}); }),
            "block_lists: full blocks[0] is -1, it must be at least 0 and below 3");
  EXPECT_EQ(says([&] {
              l.set_row(0, 0, 0, ok, list{2, 1});
            }),
            "block_lists: partial blocks[1] is 1, it must be above the entry before, 2");
  EXPECT_EQ(says([&] {
              l.set_row(0, 0, 0, list{1, 2}, list{0, 2});
            }),
            "block_lists: a partial block[1] is 2, it is among the full ones too: 2");
  EXPECT_EQ(says([&] { l.set_row(1, 0, 0, ok); }), "block_lists: sequence is 1, it must be at least 0 and below 1");
  EXPECT_EQ(says([&] { l.set_row(0, -1, 0, ok); }), "block_lists: list is -1, it must be at least 0 and below 1");
  EXPECT_EQ(says([&] { l.set_row(0, 0, 2, ok); }), "block_lists: row block is 2, it must be at least 0 and below 2");
  EXPECT_EQ(says([&] { l.set_stripes(0, 0, 1, ok); }),
            "block_lists: stripe group is 1, it must be at least 0 and below 1");
  EXPECT_EQ(says([&] { l.set_stripes(0, 0, 0, list{300}); }),
            "block_lists: stripes[0] is 300, it must be at least 0 and below 300");
  EXPECT_TRUE(l.full_row(0, 0, 0).empty());
}
TEST(sparse_block_lists, shapes_out_of_range_are_refused) {
  const auto reset = [](const block_shape& s) { return says([&] { block_lists l(s); }); };
  EXPECT_EQ(reset({.rows = -1}), "block_lists: rows is -1, the least is 0");
  EXPECT_EQ(reset({.keys = -1}), "block_lists: keys is -1, the least is 0");
  EXPECT_EQ(reset({.block_rows = 0}), "block_lists: block_rows is 0, the least is 1");
  EXPECT_EQ(reset({.block_keys = 0}), "block_lists: block_keys is 0, the least is 1");
  EXPECT_EQ(reset({.lists = 0}), "block_lists: lists is 0, the least is 1");
  EXPECT_EQ(reset({.heads_per_list = 0}), "block_lists: heads_per_list is 0, the least is 1");
  EXPECT_EQ(reset({.sequences = 0}), "block_lists: sequences is 0, the least is 1");
  EXPECT_EQ(reset({.stripe_rows = -1}), "block_lists: stripe_rows is -1, the least is 0");
  EXPECT_EQ(reset({.rows = index_t{1} << 31}), "block_lists: rows is 2147483648, the limit is 2147483647");
  EXPECT_EQ(reset({.keys = index_t{1} << 31}), "block_lists: keys is 2147483648, the limit is 2147483647");
  EXPECT_EQ(reset({.block_rows = index_t{1} << 31}), "block_lists: block_rows is 2147483648, the limit is 2147483647");
  EXPECT_EQ(reset({.lists = index_t{1} << 31}), "block_lists: lists is 2147483648, the limit is 2147483647");
  EXPECT_EQ(reset({.heads_per_list = index_t{1} << 31}),
            "block_lists: heads_per_list is 2147483648, the limit is 2147483647");
  EXPECT_EQ(reset({.sequences = index_t{1} << 31}), "block_lists: sequences is 2147483648, the limit is 2147483647");
  EXPECT_EQ(reset({.rows = 20, .stripe_rows = PTRDIFF_MAX}),
            "block_lists: stripe_rows is 9223372036854775807, the limit is 2147483647");
  EXPECT_EQ(reset({.rows = 20, .block_rows = 10, .lists = index_t{1} << 30, .sequences = 1024}),
            "block_lists: sequences times lists is 1099511627776, rows of each allow at most 549755813888");
  EXPECT_EQ(reset({.block_keys = index_t{1} << 31}), "block_lists: block_keys is 2147483648, the limit is 2147483647");
}
} // namespace
} // namespace heed::test
