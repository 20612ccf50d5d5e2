// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Kept cells against asking the mask for each, for ragged blocks, stripes inside blocks, and heads that share lists.
#include <heed/select/cost.hpp>

#include <select/selection.hpp>

namespace {
using namespace heed;
using namespace heed::test;

TEST(select_cost, kept_and_dense_flops_equal_a_loop_over_cells) {
  heed::test::random gen(1);
  for (int round = 0; round < 40; ++round) {
    const index_t rows = gen.integer(1, 40), before = gen.integer(0, 3) * 8, keys = before + rows;
    const index_t lists = gen.integer(0, 1) * 3 + 1, heads = lists == 1 ? 6 : 8;
    block_lists out({.rows = rows,
                     .keys = keys,
                     .block_rows = 8,
                     .block_keys = gen.integer(1, 9),
                     .lists = lists,
                     .heads_per_list = lists == 1 ? 1 : 2,
                     .stripe_rows = gen.integer(0, 2) * 8 + (round % 3 == 0 ? 4 : 0)});
    for (index_t l = 0; l < lists; ++l) {
      for (index_t r = 0; r < out.row_blocks(); ++r) {
        std::vector<std::int32_t> full, partial;
        for (index_t b = 0; b < out.key_blocks(); ++b)
          if (const index_t kind = gen.integer(0, 3); kind < 2)
            (kind == 0 ? full : partial).push_back(static_cast<std::int32_t>(b));
        out.set_row(0, l, r, full, partial);
      }
      for (index_t g = 0; g < out.stripe_groups(); ++g) {
        std::vector<std::int32_t> keys_of;
        for (index_t k = 0; k < keys; ++k)
          if (gen.chance(4)) keys_of.push_back(static_cast<std::int32_t>(k));
        out.set_stripes(0, l, g, keys_of);
      }
    }
    selection_cost cost;
    detail::count_flops(out, before, heads, 16, cost);
    double dense = 0;
    for (index_t r = 0; r < rows; ++r) dense += static_cast<double>(before + r + 1);
    EXPECT_EQ(cost.kept_flops, 64 * cells_by_loop(out, before, heads));
    EXPECT_EQ(cost.dense_flops, 64 * dense * static_cast<double>(heads));
    EXPECT_EQ(cost.density(), cost.kept_flops / cost.dense_flops);
  }
  EXPECT_EQ(selection_cost{}.density(), 0);
}

TEST(select_cost, the_last_block_becomes_partial_where_it_is_the_diagonal) {
  block_lists out({.rows = 4, .keys = 12, .block_rows = 2, .block_keys = 2});
  detail::store_causal_row(out, 0, 0, 4, std::vector<std::int32_t>{0, 3, 4});
  detail::store_causal_row(out, 0, 1, 5, std::vector<std::int32_t>{0, 3});
  EXPECT_EQ(out.full_row(0, 0, 0).size(), 2u);
  EXPECT_EQ(out.partial_row(0, 0, 0).size(), 1u);
  EXPECT_EQ(out.full_row(0, 0, 1).size(), 2u);
  EXPECT_EQ(out.partial_row(0, 0, 1).size(), 0u);
}
} // namespace
