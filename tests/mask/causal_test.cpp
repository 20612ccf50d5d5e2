// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/causal.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

TEST(mask_causal, last_query_at_last_key_as_flash_attention) {
  EXPECT_EQ(picture(causal{}, last_at_end(2, 5), 5), "11110/11111");
  EXPECT_EQ(picture(causal{}, last_at_end(5, 2), 2), "00/00/00/10/11");
  EXPECT_EQ(picture(causal{}, last_at_end(1, 4), 4), "1111");
}
TEST(mask_causal, first_query_at_first_key_as_pytorch) {
  EXPECT_EQ(picture(causal{}, {0, 1}, 5), "10000/11000");
  EXPECT_EQ(picture(causal{}, {0, 1, 2, 3, 4}, 2), "10/11/11/11/11");
}
TEST(mask_causal, runs_are_tight) {
  EXPECT_EQ(runs_of(causal{}, {10, 11, 12}, {0, 100}), "[0,11)full [11,13)part");
  EXPECT_EQ(runs_of(causal{}, {12, 10, 12}, {0, 100}), "[0,11)full [11,13)part");
  EXPECT_EQ(runs_of(causal{}, {10}, {4, 100}), "[4,11)full");
  EXPECT_EQ(runs_of(causal{}, {10}, {11, 100}), "");
  EXPECT_EQ(runs_of(causal{}, {-3, -2, -1, 0}, {0, 2}), "[0,1)part");
  EXPECT_EQ(runs_of(causal{}, {-3, -2}, {0, 2}), "");
}
TEST(mask_causal, one_query_at_the_end_masks_nothing) { EXPECT_EQ(runs_of(causal{}, {99}, {0, 100}), "[0,100)full"); }
TEST(mask_causal, keeps_the_laws) { expect_laws(causal{}); }
TEST(mask_causal, keeps_the_laws_with_more_queries_than_keys) {
  expect_laws(causal{}, {.rows = {5, 130}, .seen = {2, 65}, .places = testing::query_places::last_at_end});
}
} // namespace
} // namespace heed::test
