// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/all_of.hpp>
#include <heed/mask/any_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/chunked_local.hpp>
#include <heed/mask/first_keys.hpp>
#include <heed/mask/full.hpp>
#include <heed/mask/none_of.hpp>
#include <heed/mask/sliding_window.hpp>

#include "mask_checks.hpp"
#include "sample_masks.hpp"

namespace heed::test {
namespace {

// One part is itself; nesting is deduced as nesting.
static_assert(std::same_as<decltype(all_of(causal{}, full{})), all_of<causal, full>>);
static_assert(std::same_as<decltype(all_of(all_of(causal{}, full{}), causal{})), all_of<all_of<causal, full>, causal>>);
static_assert(bit_mask<all_of<causal, full>> && tight_mask<all_of<causal, full>>);
static_assert(!tight_mask<all_of<causal, by_slot>> && bit_mask<all_of<causal, by_slot>>);
static_assert(bounded_query_tiler<all_of<causal, strided_tiles>> && !query_tiler<all_of<causal, full>>);
static_assert(self_checking<all_of<causal, full>>);

const std::vector<index_t> q04{0, 1, 2, 3, 4};

TEST(mask_all_of, is_the_intersection) {
  EXPECT_EQ(picture(all_of(causal{}, sliding_window{1, 1}), q04, 5), "10000/11000/01100/00110/00011");
  EXPECT_EQ(picture(all_of(causal{}), q04, 5), picture(causal{}, q04, 5));
  EXPECT_EQ(picture(all_of(causal{}, none_of(first_keys{2}), sliding_window{2, 2}), q04, 5),
            "00000/00000/00100/00110/00111");
}
TEST(mask_all_of, partial_with_partial_is_as_exact_as_one_mask) {
  // Both parts are partial on keys 0 to 2, and keys 1 and 2 are seen by no row in both.
  const auto m = all_of(sliding_window{0, 0}, any_of(first_keys{1}, sliding_window{2, -1}));
  EXPECT_EQ(runs_of(m, {0, 5}, {0, 9}), "[0,1)part [5,6)part");
  EXPECT_EQ(runs_of(all_of(sliding_window{3, 3}, causal{}), {10, 11}, {0, 50}), "[7,8)part [8,11)full [11,12)part");
  EXPECT_EQ(runs_of(all_of(only_rows{0, 2}, only_rows{1, 2}), {1, 2, 3, 4}, {0, 50}), "");
  EXPECT_EQ(runs_of(all_of(only_rows{0, 3}, only_rows{1, 3}), {1, 2, 3, 4}, {0, 50}), "");
  EXPECT_EQ(runs_of(all_of(only_rows{0, 2}, only_rows{0, 4}), {1, 2, 3, 4}, {0, 50}), "[0,50)part");
}
TEST(mask_all_of, keeps_the_laws) {
  const testing::mask_cases heads{.rows = {5, 66, 130}, .seen = {7, 131, 200}, .q_heads = 4, .kv_heads = 2};
  expect_laws(all_of(causal{}, sliding_window{20, 5}));
  expect_laws(all_of(causal{}, any_of(first_keys{4}, sliding_window{20, 5})));
  expect_laws(all_of(chunked_local{50}, sliding_window{20, 20}, none_of(first_keys{3})));
  expect_laws(all_of(all_of(causal{}, sliding_window{90, 90}), chunked_local{64}, full{}));
  expect_laws(all_of(only_rows{0, 3}, only_rows{1, 3}));
  expect_laws(all_of(causal{}, by_head{}), heads);
  expect_laws(all_of(by_head{}, sliding_window{9, 9}, by_head{}), heads);
  expect_laws(all_of(causal{}, without_bits{}, sliding_window{9, 9}));
}
TEST(mask_all_of, keeps_the_laws_with_parts_that_look_at_slots) {
  expect_laws(all_of(by_slot{}, causal{}, sliding_window{9, 9}));
  expect_laws(all_of(by_slot{}, by_slot{}));
}
TEST(mask_all_of, takes_the_tiles_of_its_tiler_and_the_first_of_two) {
  expect_laws(all_of(causal{}, strided_tiles{3}));
  expect_laws(all_of(strided_tiles{3}, strided_tiles{5}));
  index_t rows[64];
  const auto m = all_of(causal{}, strided_tiles{3}, strided_tiles{5});
  EXPECT_EQ(m.query_tiles(0, 10, 64), 3);
  EXPECT_EQ(m.query_tile(0, 10, 64, 1, rows), 3);
  EXPECT_EQ(rows[1], 4);
}
TEST(mask_all_of, heads_are_alike_where_they_are_for_every_part) {
  EXPECT_TRUE(all_of(causal{}, full{}).alike({0, 8}));
  EXPECT_FALSE(all_of(causal{}, by_head{}).alike({0, 2}));
  EXPECT_TRUE(all_of(by_head{}, causal{}).alike({1, 2}));
}
TEST(mask_all_of, objects_with_the_first_part_that_does) {
  const sample_call call{.rows = {3}, .seen = {9}};
  EXPECT_EQ(objection(all_of(causal{}, sliding_window{1, 1}), call), "");
  EXPECT_EQ(objection(all_of(causal{}, sliding_window{1, -2}, first_keys{-1}), call),
            "sliding_window: right is -2, the least is -1");
  EXPECT_EQ(objection(all_of(all_of(full{}, first_keys{-1}), causal{}), call),
            "first_keys: count is -1, the least is 0");
}
} // namespace
} // namespace heed::test
