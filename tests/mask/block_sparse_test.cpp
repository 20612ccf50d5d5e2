// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/block_sparse.hpp>

#include <heed/mask/none_of.hpp>
#include <support/drawn_blocks.hpp>

#include "mask_checks.hpp"
#include "sample_masks.hpp"

namespace heed::test {
namespace {
using list = std::vector<std::int32_t>;

/// 40 rows in blocks of 10, 60 keys in blocks of 20, one list.
block_lists small_lists() {
  block_lists l({.rows = 40, .keys = 60, .block_rows = 10, .block_keys = 20, .stripe_rows = 20});
  l.set_row(0, 0, 0, list{0, 1}, list{2});
  l.set_row(0, 0, 1, list{}, list{0, 1, 2});
  l.set_row(0, 0, 2, list{2}, list{0});
  l.set_stripes(0, 0, 0, list{25, 26, 45});
  l.set_stripes(0, 0, 1, list{30, 39, 41});
  return l;
}

TEST(mask_block_sparse, full_blocks_are_seen_whole_and_partial_ones_by_cells) {
  const block_lists l = small_lists();
  const auto m = l.mask(causal{});
  const auto keys = [&](index_t row, index_t q) {
    list seen;
    for (index_t k = 0; k < 60; ++k)
      if (m.allows({0, 0, q, k, row, k})) seen.push_back(static_cast<std::int32_t>(k));
    return seen;
  };
  list want;
  for (std::int32_t k = 0; k < 40; ++k) want.push_back(k);
  for (const std::int32_t k : {40, 41, 42, 45}) want.push_back(k);
  EXPECT_EQ(keys(9, 42), want);
  EXPECT_EQ(keys(10, 2), (list{0, 1, 2, 25, 26, 45}));
  EXPECT_EQ(keys(30, 59), (list{30, 39, 41}));
}
TEST(mask_block_sparse, runs_join_adjacent_blocks_and_are_tight) {
  const block_lists l = small_lists();
  EXPECT_EQ(runs_of(l.mask(), {0, 1, 2}, {0, 60}), "[0,60)full");
  EXPECT_EQ(runs_of(l.mask(causal{}), {50, 51, 52}, {5, 55}), "[5,51)full [51,53)part");
  EXPECT_EQ(runs_of(l.mask(causal{}), {2, 3}, {0, 60}), "[0,40)full [45,46)full");
  // Rows 8 to 11 lie in two row blocks; the second has no full ones.
  std::vector<index_t> rows{8, 9, 10, 11}, q{48, 49, 50, 51};
  std::vector<key_run> out(9);
  const auto m = l.mask(causal{});
  ASSERT_EQ(m.runs({0, 0, {0, 1}, rows, q, {48, 52}, {0, 60}, {0, 60}}, out), 2);
  EXPECT_TRUE(out[0].k == (range{0, 49}) && out[0].cover == coverage::full);
  EXPECT_TRUE(out[1].k == (range{49, 52}) && out[1].cover == coverage::partial);
}
TEST(mask_block_sparse, keeps_the_laws) {
  const testing::mask_cases cases{.rows = {5, 130}, .seen = {7, 200}, .tiles = 30};
  struct shape {
    index_t rows, keys, stripes;
  };
  for (const auto& [r, c, stripes] :
       {shape{1, 1, 0}, {1, 16, 0}, {4, 100, 40}, {16, 1, 0}, {16, 16, 40}, {100, 20, 130}}) {
    SCOPED_TRACE(std::to_string(r) + " x " + std::to_string(c));
    const block_lists l = drawn_blocks(
        {.rows = 130, .keys = 200, .block_rows = r, .block_keys = c, .stripe_rows = stripes}, {}, seed_or(1));
    expect_laws(l.mask(), cases);
    expect_laws(l.mask(causal{}), cases);
  }
}
TEST(mask_block_sparse, keeps_the_laws_in_combinations) {
  const testing::mask_cases cases{.rows = {5, 130}, .seen = {7, 200}, .tiles = 40};
  const block_lists l =
      drawn_blocks({.rows = 130, .keys = 200, .block_rows = 30, .block_keys = 20, .stripe_rows = 60}, {}, seed_or(2));
  expect_laws(all_of(l.mask(), causal{}), cases);
  expect_laws(any_of(l.mask(causal{}), sliding_window{10, 0}), cases);
  expect_laws(none_of(l.mask()), cases);
  expect_laws(l.mask(by_slot{}), cases);
}
TEST(mask_block_sparse, keeps_the_laws_per_head_and_sequence) {
  const testing::mask_cases cases{
      .rows = {5, 66, 130}, .seen = {7, 131, 200}, .q_heads = 4, .kv_heads = 2, .tiles = 60};
  for (const index_t lists : {1, 2, 4})
    for (const index_t sequences : {1, 3}) {
      const block_lists l = drawn_blocks({.rows = 130,
                                          .keys = 200,
                                          .block_rows = 16,
                                          .block_keys = 16,
                                          .lists = lists,
                                          .heads_per_list = 4 / lists,
                                          .sequences = sequences},
                                         {}, seed_or(3));
      expect_laws(l.mask(causal{}), cases);
      EXPECT_EQ(l.mask().alike({0, 2}), lists < 4);
      EXPECT_EQ(l.mask().alike({0, 4}), lists == 1);
    }
}
TEST(mask_block_sparse, heads_of_equal_lists_are_alike_in_their_sequence) {
  block_lists l(
      {.rows = 130, .keys = 200, .block_rows = 32, .block_keys = 16, .lists = 4, .sequences = 2, .stripe_rows = 48});
  for (index_t h = 0; h < 4; ++h) {
    for (index_t r = 0; r < 5; ++r) l.set_row(0, h, r, list{0, 3, static_cast<std::int32_t>(r + 7)}, list{5, 6});
    l.set_stripes(0, h, 2, list{20, 30});
    l.set_row(1, h, 4, list{h < 2 ? 0 : 1});
    l.set_row(1, h, 3, list{}, list{h == 3 ? 0 : 1});
    l.set_stripes(1, h, 0, list{h == 1 ? 0 : 1});
  }
  const auto m = l.mask(causal{});
  EXPECT_FALSE(m.alike({0, 2}));
  EXPECT_TRUE(m.alike_in(0, 130, {0, 4}) && m.alike_in(1, 130, {1, 2}));
  EXPECT_FALSE(m.alike_in(1, 130, {0, 2}) || m.alike_in(1, 130, {1, 3}) || m.alike_in(1, 130, {2, 4}));
  EXPECT_TRUE(m.alike_in(1, 96, {2, 3}) && m.alike_in(1, 128, {0, 1}) && !m.alike_in(1, 97, {2, 4}) &&
              m.alike_in(1, 96, {2, 4}))
      << "rows behind the sequence's own have no say";
  const testing::mask_cases cases{.rows = {130, 130}, .seen = {200, 200}, .q_heads = 4, .kv_heads = 1, .tiles = 60};
  expect_laws(m, cases);
  expect_laws(all_of(m, sliding_window{70, 10}), cases);
}
TEST(mask_block_sparse, keeps_the_laws_with_dense_and_streaming_heads) {
  block_lists l =
      drawn_blocks({.rows = 130, .keys = 200, .block_rows = 16, .block_keys = 16, .lists = 2}, {}, seed_or(4));
  l.set_heads(std::vector<block_head>{{head_kind::dense},
                                      {head_kind::streaming, 0, 3, 20},
                                      {head_kind::sparse, 1},
                                      {head_kind::sparse, 0},
                                      {head_kind::streaming, 0, 3, 20},
                                      {head_kind::streaming, 0, 3, 20},
                                      {head_kind::sparse, 1},
                                      {head_kind::sparse, 1}});
  const testing::mask_cases cases{
      .rows = {5, 66, 130}, .seen = {7, 131, 200}, .q_heads = 8, .kv_heads = 2, .tiles = 100};
  expect_laws(l.mask(), cases);
  expect_laws(all_of(l.mask(), causal{}), cases);
  EXPECT_TRUE(l.mask().alike({4, 6}) && l.mask().alike({6, 8}) && !l.mask().alike({5, 7}) && !l.mask().alike({0, 2}));
}
TEST(mask_block_sparse, tiles_lie_in_row_blocks_or_are_a_vector_of_small_ones) {
  const auto tiles = [](index_t block_rows, index_t rows, index_t capacity) {
    const block_sparse m(sparse_blocks{.block_rows = block_rows});
    std::string s;
    std::vector<index_t> out(static_cast<std::size_t>(capacity));
    for (index_t i = 0; i < m.query_tiles(0, rows, capacity); ++i) {
      const index_t n = m.query_tile(0, rows, capacity, i, out);
      s += (i > 0 ? " " : "") + std::to_string(out[0]) + "+" + std::to_string(n);
    }
    return s;
  };
  EXPECT_EQ(tiles(128, 300, 192), "0+128 128+128 256+44");
  EXPECT_EQ(tiles(128, 300, 48), "0+48 48+48 96+32 128+48 176+48 224+32 256+44");
  EXPECT_EQ(tiles(1000, 300, 192), "0+192 192+108");
  EXPECT_EQ(tiles(4, 40, 192), "0+16 16+16 32+8");
  EXPECT_EQ(tiles(5, 40, 192), "0+15 15+15 30+10");
  EXPECT_EQ(tiles(1, 5, 24), "0+2 2+2 4+1");
  EXPECT_EQ(tiles(3, 7, 1), "0+1 1+1 2+1 3+1 4+1 5+1 6+1");
  EXPECT_EQ(tiles(3, 0, 4), "");
}
TEST(mask_block_sparse, objects_as_its_cells_do) {
  const sample_call call{.rows = {3}, .seen = {9}};
  EXPECT_EQ(objection(block_sparse(sparse_blocks{}, sliding_window{-2, 0}), call),
            "sliding_window: left is -2, the least is -1");
  EXPECT_EQ(objection(block_sparse(sparse_blocks{}, sliding_window{2, 0}), call), "");
}
} // namespace
} // namespace heed::test
