// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/causal.hpp>
#include <heed/mask/prefix_lm.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

TEST(mask_prefix_lm, prefix_is_seen_by_all_and_the_rest_is_causal) {
  const std::vector<index_t> prefix{2, 0};
  EXPECT_EQ(picture(prefix_lm{prefix}, {0, 1, 2, 3}, 4), "1100/1100/1110/1111");
  EXPECT_EQ(picture(prefix_lm{prefix}, {0, 1, 2, 3}, 4, 1), picture(causal{}, {0, 1, 2, 3}, 4));
  EXPECT_EQ(runs_of(prefix_lm{prefix}, {0, 1, 2, 3}, {0, 4}), "[0,2)full [2,4)part");
}
TEST(mask_prefix_lm, keeps_the_laws) {
  const std::vector<std::int32_t> prefix{3, 0, 97};
  expect_laws(prefix_lm{prefix});
}
TEST(mask_prefix_lm, refuses_lists_that_do_not_fit_the_call) {
  const sample_call call{.rows = {3, 1}, .seen = {9, 4}};
  const std::vector<index_t> fits{9, 100}, many{1, 1, 1}, negative{-5, 0};
  EXPECT_EQ(objection(prefix_lm{fits}, call), ""); // the rest of a prefix may be to come
  EXPECT_EQ(objection(prefix_lm{many}, call), "prefix_lm: count of prefixes is 3, the sequences are 2");
  EXPECT_EQ(objection(prefix_lm{negative}, call), "prefix_lm: prefix[0] is -5, the least is 0");
}
} // namespace
} // namespace heed::test
