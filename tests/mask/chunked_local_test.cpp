// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include <heed/mask/causal.hpp>
#include <heed/mask/chunked_local.hpp>

#include "mask_checks.hpp"

namespace heed::test {
namespace {

TEST(mask_chunked_local, is_causal_inside_chunks) {
  EXPECT_EQ(picture(chunked_local{.chunk = 2}, {0, 1, 2, 3, 4}, 5), "10000/11000/00100/00110/00001");
  EXPECT_EQ(picture(chunked_local{.chunk = 1}, {0, 1, 2}, 3), "100/010/001");
  EXPECT_EQ(picture(chunked_local{.chunk = 9}, {0, 1, 2}, 3), picture(causal{}, {0, 1, 2}, 3));
  EXPECT_EQ(picture(chunked_local{.chunk = 3}, last_at_end(4, 2), 2), "00/00/10/11");
}
TEST(mask_chunked_local, runs_are_tight) {
  EXPECT_EQ(runs_of(chunked_local{.chunk = 8}, {9, 10}, {0, 100}), "[8,10)full [10,11)part");
  EXPECT_EQ(runs_of(chunked_local{.chunk = 8}, {6, 7, 8}, {0, 100}), "[0,9)part");
  EXPECT_EQ(runs_of(chunked_local{.chunk = 8}, {4, 17}, {0, 100}), "[0,5)part [16,18)part");
}
TEST(mask_chunked_local, keeps_the_laws) {
  for (const index_t n : {1, 7, 64, 97, 1000}) expect_laws(chunked_local{.chunk = n});
}
TEST(mask_chunked_local, refuses_an_empty_chunk) {
  const sample_call call{.rows = {3}, .seen = {9}};
  EXPECT_EQ(objection(chunked_local{.chunk = 0}, call), "chunked_local: chunk is 0, the least is 1");
  EXPECT_EQ(objection_code(chunked_local{.chunk = 0}, call), errc::bad_value);
  EXPECT_EQ(objection(chunked_local{.chunk = 1}, call), "");
}
} // namespace
} // namespace heed::test
