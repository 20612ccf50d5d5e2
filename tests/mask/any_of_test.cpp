// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/all_of.hpp>
#include <heed/mask/any_of.hpp>
#include <heed/mask/causal.hpp>
#include <heed/mask/first_keys.hpp>
#include <heed/mask/full.hpp>
#include <heed/mask/none_of.hpp>
#include <heed/mask/sliding_window.hpp>

#include "mask_checks.hpp"
#include "sample_masks.hpp"

namespace heed::test {
namespace {

static_assert(std::same_as<decltype(any_of(any_of(causal{}, full{}), causal{})), any_of<any_of<causal, full>, causal>>);
static_assert(tight_mask<any_of<causal, full>> && !tight_mask<any_of<causal, by_slot>>);

TEST(mask_any_of, is_the_union) {
  EXPECT_EQ(picture(any_of(first_keys{1}, sliding_window{1, 0}), {0, 1, 2, 3, 4}, 5), "10000/11000/11100/10110/10011");
  EXPECT_EQ(picture(any_of(causal{}), {0, 1}, 3), "100/110");
}
TEST(mask_any_of, sinks_and_window_leave_the_keys_between_them_out) {
  EXPECT_EQ(runs_of(any_of(first_keys{4}, sliding_window{255, 0}), {1000, 1001}, {0, 1002}),
            "[0,4)full [745,746)part [746,1001)full [1001,1002)part");
}
TEST(mask_any_of, partial_with_partial_may_be_full) {
  EXPECT_EQ(runs_of(any_of(causal{}, none_of(causal{})), {3, 4, 9}, {0, 50}), "[0,50)full");
  EXPECT_EQ(runs_of(any_of(only_rows{0, 2}, only_rows{1, 2}), {1, 2, 3, 4}, {0, 50}), "[0,50)full");
  EXPECT_EQ(runs_of(any_of(only_rows{0, 3}, only_rows{1, 3}), {1, 2, 3, 4}, {0, 50}), "[0,50)part");
}
TEST(mask_any_of, keeps_the_laws) {
  const testing::mask_cases heads{.rows = {5, 66, 130}, .seen = {7, 131, 200}, .q_heads = 4, .kv_heads = 2};
  expect_laws(any_of(first_keys{4}, sliding_window{20, 0}));
  expect_laws(any_of(sliding_window{5, 0}, sliding_window{0, 9}, first_keys{3}));
  expect_laws(any_of(causal{}, none_of(sliding_window{9, 9})));
  expect_laws(any_of(any_of(first_keys{2}, sliding_window{3, 3}), none_of(any_of(causal{}, first_keys{99}))));
  expect_laws(any_of(all_of(causal{}, sliding_window{9, 9}), only_rows{1, 3}));
  expect_laws(any_of(sliding_window{9, 9}, by_head{}), heads);
  expect_laws(any_of(without_bits{}, sliding_window{9, 9}));
}
TEST(mask_any_of, keeps_the_laws_with_parts_that_look_at_slots) {
  expect_laws(any_of(by_slot{}, sliding_window{9, 9}));
}
TEST(mask_any_of, takes_the_tiles_of_its_tiler) {
  expect_laws(any_of(causal{}, strided_tiles{3}));
  expect_laws(any_of(strided_tiles{2}, strided_tiles{7}));
}
TEST(mask_any_of, objects_with_the_first_part_that_does) {
  const sample_call call{.rows = {3}, .seen = {9}};
  EXPECT_EQ(objection(any_of(first_keys{-1}, sliding_window{1, -2}), call), "first_keys: count is -1, the least is 0");
  EXPECT_EQ(objection(any_of(first_keys{1}, full{}), call), "");
}
} // namespace
} // namespace heed::test
