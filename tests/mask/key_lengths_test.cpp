// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/key_lengths.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

TEST(mask_key_lengths, each_sequence_has_its_own) {
  const std::vector<std::int32_t> lengths{2, 0, 4};
  const key_lengths m{lengths};
  EXPECT_EQ(picture(m, {0, 1}, 4, 0), "1100/1100");
  EXPECT_EQ(picture(m, {0, 1}, 4, 1), "0000/0000");
  EXPECT_EQ(picture(m, {0, 1}, 4, 2), "1111/1111");
  EXPECT_EQ(runs_of(m, {0, 1}, {0, 4}, {0, 1}, 0), "[0,2)full");
  EXPECT_EQ(runs_of(m, {0, 1}, {0, 4}, {0, 1}, 1), "");
}
TEST(mask_key_lengths, keeps_the_laws) {
  const std::vector<index_t> lengths{0, 65, 200};
  expect_laws(key_lengths{lengths});
}
TEST(mask_key_lengths, refuses_lists_that_do_not_fit_the_call) {
  const sample_call call{.rows = {3, 1}, .seen = {9, 4}};
  const std::vector<index_t> fits{9, 0}, few{9}, negative{9, -1}, beyond{9, 5};
  EXPECT_EQ(objection(key_lengths{fits}, call), "");
  EXPECT_EQ(objection(key_lengths{few}, call), "key_lengths: count of lengths is 1, the sequences are 2");
  EXPECT_EQ(objection(key_lengths{negative}, call), "key_lengths: lengths[1] is -1, the least is 0");
  EXPECT_EQ(objection(key_lengths{beyond}, call), "key_lengths: lengths[1] is 5, the tokens seen are 4");
  EXPECT_EQ(objection_code(key_lengths{few}, call), errc::bad_extent);
  EXPECT_EQ(objection_code(key_lengths{negative}, call), errc::bad_value);
  EXPECT_EQ(objection_code(key_lengths{beyond}, call), errc::length_out_of_range);
}
} // namespace
} // namespace heed::test
