// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/causal.hpp>
#include <heed/mask/sliding_window.hpp>

#include "mask_checks.hpp"

#include <limits>

namespace heed::test {
namespace {

constexpr index_t most = std::numeric_limits<index_t>::max();

TEST(mask_sliding_window, counts_are_inclusive) {
  // FlashAttention's window_size = (1, 0): one key to the left and the own one.
  EXPECT_EQ(picture(sliding_window{.left = 1, .right = 0}, {0, 1, 2, 3}, 4), "1000/1100/0110/0011");
  EXPECT_EQ(picture(sliding_window{.left = 0, .right = 0}, {0, 1, 2}, 3), "100/010/001");
  EXPECT_EQ(picture(sliding_window{.left = 1, .right = 1}, {0, 1, 2, 3}, 4), "1100/1110/0111/0011");
  // The last query at the last key: columns i + off - left to i + off + right.
  EXPECT_EQ(picture(sliding_window{.left = 1, .right = 0}, last_at_end(2, 5), 5), "00110/00011");
  EXPECT_EQ(picture(sliding_window{.left = 1, .right = 0}, last_at_end(5, 2), 2), "00/00/00/10/11");
}
TEST(mask_sliding_window, of_128_keys_with_the_own_one_has_left_127) {
  index_t seen = 0;
  for (index_t k = 0; k < 1000; ++k) seen += sliding_window{.left = 127, .right = 0}.allows({0, 0, 500, k, 0, k});
  EXPECT_EQ(seen, 128);
}
TEST(mask_sliding_window, unlimited_sides) {
  EXPECT_EQ(picture(sliding_window{.left = unlimited, .right = 0}, {0, 1, 2}, 3), picture(causal{}, {0, 1, 2}, 3));
  EXPECT_EQ(picture(sliding_window{.left = 0, .right = unlimited}, {0, 1, 2}, 3), "111/011/001");
  EXPECT_EQ(picture(sliding_window{.left = unlimited, .right = unlimited}, {0, 1}, 3), "111/111");
  EXPECT_EQ(picture(sliding_window{}, {0, 1, 2}, 3), picture(causal{}, {0, 1, 2}, 3));
  EXPECT_EQ(runs_of(sliding_window{.left = most, .right = most}, {-5, 9}, {0, 20}), "[0,20)full");
}
TEST(mask_sliding_window, runs_are_tight_where_windows_touch_and_where_they_do_not) {
  const sliding_window w{.left = 2, .right = 1};
  EXPECT_EQ(runs_of(w, {10, 11}, {0, 100}), "[8,9)part [9,12)full [12,13)part");
  EXPECT_EQ(runs_of(w, {10, 14}, {0, 100}), "[8,16)part");
  EXPECT_EQ(runs_of(w, {10, 15}, {0, 100}), "[8,12)part [13,17)part");
  EXPECT_EQ(runs_of(w, {15, 50, 10}, {0, 100}), "[8,12)part [13,17)part [48,52)part");
  EXPECT_EQ(runs_of(w, {15, 50, 10}, {14, 50}), "[14,17)part [48,50)part");
  EXPECT_EQ(runs_of(w, {50, 10, 10, 12}, {9, 100}), "[9,14)part [48,52)part");
  EXPECT_EQ(runs_of(w, {30, 10, 20, 13, 16, 25}, {0, 100}), "[8,22)part [23,27)part [28,32)part");
}
TEST(mask_sliding_window, keeps_the_laws) {
  expect_laws(sliding_window{.left = 10, .right = 3});
  expect_laws(sliding_window{.left = 0, .right = 0});
  expect_laws(sliding_window{.left = 64, .right = 0});
  expect_laws(sliding_window{.left = 3, .right = unlimited});
  expect_laws(sliding_window{.left = unlimited, .right = 5});
  expect_laws(sliding_window{.left = 5, .right = most});
}
TEST(mask_sliding_window, refuses_counts_below_unlimited) {
  const sample_call call{.rows = {3}, .seen = {9}};
  EXPECT_EQ(objection(sliding_window{.left = -3, .right = 0}, call), "sliding_window: left is -3, the least is -1");
  EXPECT_EQ(objection(sliding_window{.left = 0, .right = -2}, call), "sliding_window: right is -2, the least is -1");
  EXPECT_EQ(objection_code(sliding_window{.left = -3, .right = 0}, call), errc::bad_value);
  EXPECT_EQ(objection(sliding_window{.left = -1, .right = -1}, call), "");
}
} // namespace
} // namespace heed::test
