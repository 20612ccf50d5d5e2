// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Where queries stand, and lists that are refused.
#include <heed/problem/query_positions.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <vector>

namespace {
using namespace heed;
using heed::test::refusal;

TEST(problem_query_positions, by_default_the_last_query_stands_at_the_last_key) {
  const query_positions p;
  for (index_t r = 0; r < 4; ++r) EXPECT_EQ(p(99, r, 4, 10), 6 + r);
  EXPECT_EQ(p(0, 0, 4, 2), -2) << "more queries than keys";
  EXPECT_EQ(p(0, 0, 1, 0), -1) << "no keys";
}

TEST(problem_query_positions, top_left_counts_rows_and_a_list_counts_tokens) {
  EXPECT_EQ(query_positions::top_left()(99, 3, 4, 10), 3);
  const std::vector<index_t> list{7, -3, 5};
  EXPECT_EQ(query_positions::listed(list)(1, 0, 4, 10), -3);
}

TEST(problem_query_positions, refused_with_code_and_text) {
  call_extents e;
  e.tokens = 3;
  const auto check = [&](const std::vector<index_t>& list) { return refusal(query_positions::listed(list).check(e)); };
  constexpr index_t most = index_t{1} << 62;
  EXPECT_EQ(check({7, -3, 5}), refusal());
  EXPECT_EQ(check({most, -most, 0}), refusal());
  EXPECT_EQ(check({7, 8}), refusal(errc::bad_extent, "query_positions: size is 2, but the query tokens are 3"));
  EXPECT_EQ(check({7, 8, 9, 10}), refusal(errc::bad_extent, "query_positions: size is 4, but the query tokens are 3"));
  EXPECT_EQ(check({0, most + 1, 0}),
            refusal(errc::bad_value,
                    "query_positions: positions[1] is 4611686018427387905, the most is 4611686018427387904"));
  EXPECT_EQ(check({0, 0, PTRDIFF_MIN}),
            refusal(errc::bad_value,
                    "query_positions: positions[2] is -9223372036854775808, the least is -4611686018427387904"));
  EXPECT_EQ(refusal(query_positions().check(e)), refusal());
  EXPECT_EQ(refusal(query_positions::top_left().check(e)), refusal());
}
} // namespace
