// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/listed_rows.hpp>

#include <heed/mask/block_sparse.hpp>
#include <support/drawn_blocks.hpp>

#include "mask_checks.hpp"
#include "sample_masks.hpp"

namespace heed::test {
namespace {
std::vector<index_t> every_third(index_t n) {
  std::vector<index_t> rows;
  for (index_t i = 0; i < n; ++i) rows.push_back(3 * i + 1);
  return rows;
}

TEST(mask_listed_rows, asks_about_the_rows_that_they_were) {
  const std::vector<index_t> rows = every_third(3), q{1, 4, 7};
  const block_lists l = drawn_blocks({.rows = 10, .keys = 12, .block_rows = 2, .block_keys = 3}, {}, 1);
  const listed_rows m(l.mask(causal{}), rows, 10);
  for (index_t i = 0; i < 3; ++i)
    for (index_t k = 0; k < 12; ++k)
      EXPECT_EQ(m.allows({0, 0, q[static_cast<std::size_t>(i)], k, i, k}),
                l.mask(causal{}).allows({0, 0, q[static_cast<std::size_t>(i)], k, 3 * i + 1, k}));
}
TEST(mask_listed_rows, keeps_the_laws) {
  const std::vector<index_t> rows = every_third(130);
  const testing::mask_cases cases{.rows = {130}, .seen = {200}, .q_heads = 4, .kv_heads = 2};
  const block_lists l = drawn_blocks(
      {.rows = 400, .keys = 200, .block_rows = 32, .block_keys = 16, .lists = 2, .heads_per_list = 2}, {}, 1);
  expect_laws(listed_rows(l.mask(causal{}), rows, 400), cases);
  expect_laws(listed_rows(by_head{}, rows, 400), cases);
}
TEST(mask_listed_rows, large_tiles_are_partial) {
  std::vector<index_t> rows(600), q(600);
  for (index_t i = 0; i < 600; ++i) rows[static_cast<std::size_t>(i)] = q[static_cast<std::size_t>(i)] = i;
  key_run out[2];
  ASSERT_EQ(listed_rows(full{}, rows, 600).runs({0, 0, {0, 1}, rows, q, {0, 600}, {3, 9}, {3, 9}}, out), 1);
  EXPECT_TRUE(out[0].k == (range{3, 9}) && out[0].cover == coverage::partial);
}
TEST(mask_listed_rows, refuses_what_does_not_fit_the_call) {
  const std::vector<index_t> rows{1, 4, 7}, twice{1, 4, 4}, far{1, 4, 9}, negative{-1, 4, 7};
  const sample_call call{.rows = {3}, .seen = {9}};
  EXPECT_EQ(objection(listed_rows(causal{}, rows, 9), call), "");
  EXPECT_EQ(objection(listed_rows(causal{}, rows, 9), {.rows = {3, 3}, .seen = {9, 9}}),
            "listed_rows: sequences is 2, it must be 1");
  EXPECT_EQ(objection(listed_rows(causal{}, rows, 9), {.rows = {2}, .seen = {9}}),
            "listed_rows: count of rows is 3, the query rows are 2");
  EXPECT_EQ(objection(listed_rows(causal{}, far, 9), call),
            "listed_rows: rows[2] is 9, it must be at least 0 and below 9");
  EXPECT_EQ(objection(listed_rows(causal{}, negative, 9), call),
            "listed_rows: rows[0] is -1, it must be at least 0 and below 9");
  EXPECT_EQ(objection(listed_rows(causal{}, twice, 9), call),
            "listed_rows: rows[2] is 4, it must be above the entry before, 4");
  // The part is told of all rows.
  const block_lists l({.rows = 8, .keys = 9, .block_rows = 4});
  EXPECT_EQ(objection(listed_rows(l.mask(), rows, 9), call),
            "block_sparse: row_blocks[0] is 2, too few for query rows 9");
  EXPECT_EQ(objection(listed_rows(l.mask(), rows, 8), call), "");
}
} // namespace
} // namespace heed::test
