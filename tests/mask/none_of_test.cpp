// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
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

// A complement of a complement is no copy.
static_assert(std::same_as<decltype(none_of(causal{})), none_of<causal>>);
static_assert(std::same_as<decltype(none_of(none_of(causal{}))), none_of<none_of<causal>>>);
static_assert(tight_mask<none_of<causal>> && !tight_mask<none_of<by_slot>> &&
              bounded_query_tiler<none_of<strided_tiles>>);

TEST(mask_none_of, is_the_complement) {
  EXPECT_EQ(picture(none_of(causal{}), {0, 1, 2}, 4), "0111/0011/0001");
  EXPECT_EQ(picture(none_of(none_of(causal{})), {0, 1, 2}, 4), picture(causal{}, {0, 1, 2}, 4));
  EXPECT_EQ(picture(none_of(full{}), {0, 1}, 2), "00/00");
}
TEST(mask_none_of, gaps_become_full) {
  EXPECT_EQ(runs_of(none_of(sliding_window{1, 1}), {10, 11}, {0, 20}), "[0,9)full [9,10)part [12,13)part [13,20)full");
  EXPECT_EQ(runs_of(none_of(full{}), {10, 11}, {0, 20}), "");
  EXPECT_EQ(runs_of(none_of(first_keys{0}), {10, 11}, {0, 20}), "[0,20)full");
}
TEST(mask_none_of, keeps_the_laws) {
  expect_laws(none_of(causal{}));
  expect_laws(none_of(none_of(sliding_window{5, 2})));
  expect_laws(none_of(any_of(first_keys{4}, sliding_window{20, 0})));
  expect_laws(none_of(by_slot{}));
  expect_laws(none_of(strided_tiles{4}));
  expect_laws(none_of(by_head{}), {.rows = {66}, .seen = {131}, .q_heads = 4, .kv_heads = 2});
}
TEST(mask_none_of, objects_as_its_part_does) {
  const sample_call call{.rows = {3}, .seen = {9}};
  EXPECT_EQ(objection(none_of(first_keys{-1}), call), "first_keys: count is -1, the least is 0");
  EXPECT_EQ(objection(none_of(causal{}), call), "");
}
} // namespace
} // namespace heed::test
