// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/first_keys.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

TEST(mask_first_keys, every_query_sees_them) {
  EXPECT_EQ(picture(first_keys{2}, {0, 1, 9}, 4), "1100/1100/1100");
  EXPECT_EQ(picture(first_keys{0}, {0, 1}, 2), "00/00");
}
TEST(mask_first_keys, is_one_full_run) {
  EXPECT_EQ(runs_of(first_keys{4}, {7, 9}, {0, 100}), "[0,4)full");
  EXPECT_EQ(runs_of(first_keys{4}, {7, 9}, {3, 100}), "[3,4)full");
  EXPECT_EQ(runs_of(first_keys{4}, {7, 9}, {4, 100}), "");
  EXPECT_EQ(runs_of(first_keys{400}, {7, 9}, {0, 100}), "[0,100)full");
}
TEST(mask_first_keys, keeps_the_laws) {
  for (const index_t n : {0, 1, 64, 97, 1000}) expect_laws(first_keys{n});
}
TEST(mask_first_keys, refuses_a_negative_count) {
  const sample_call call{.rows = {3}, .seen = {9}};
  EXPECT_EQ(objection(first_keys{-1}, call), "first_keys: count is -1, the least is 0");
  EXPECT_EQ(objection_code(first_keys{-1}, call), errc::bad_value);
  EXPECT_EQ(objection(first_keys{100}, call), "");
}
} // namespace
} // namespace heed::test
