// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Which rows and heads are chosen, and choices that are refused.
#include <heed/observe/row_choice.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <vector>

namespace {
using namespace heed;
using heed::test::refusal;

TEST(observe_row_choice, rows_of_any_sequence) {
  for (const index_t n : {0, 1, 5, 40}) {
    EXPECT_EQ(row_choice::all().stretch(n), (range{0, n}));
    EXPECT_EQ(row_choice::last(5).stretch(n), (range{n > 5 ? n - 5 : 0, n}));
    EXPECT_TRUE(row_choice::last(0).stretch(n).empty());
  }
  EXPECT_EQ(row_choice::between(2, 7).stretch(40), (range{2, 7}));
  EXPECT_EQ(row_choice::between(2, 7).stretch(5), (range{2, 5}));
  EXPECT_TRUE(row_choice::between(2, 7).stretch(1).empty());
  EXPECT_EQ(row_choice::between(5, 7).stretch(1).size(), 0);
  EXPECT_TRUE(row_choice::between(3, 3).stretch(9).empty());
}

TEST(observe_row_choice, chosen_heads_have_places_and_others_no_rows) {
  const std::vector<index_t> heads{1, 4, 6};
  const row_choice c = row_choice::last(2).of_heads(heads);
  EXPECT_EQ(c.head_count(8), 3);
  EXPECT_EQ(row_choice::last(2).head_count(8), 8);
  index_t next = 0;
  for (index_t h = 0; h < 8; ++h) {
    const bool chosen = h == 1 || h == 4 || h == 6;
    EXPECT_EQ(c.place(h), chosen ? next : -1);
    next += chosen;
    EXPECT_EQ(c.rows(h, 10), chosen ? (range{8, 10}) : (range{0, 0}));
    EXPECT_EQ(row_choice::last(2).place(h), h);
  }
}

TEST(observe_row_choice, refused_with_code_and_text) {
  call_extents e;
  e.q_heads = 8;
  const auto check = [&](const row_choice& c) { return refusal(c.check("key_sums", e)); };
  const auto heads = [&](const std::vector<index_t>& list) { return check(row_choice::all().of_heads(list)); };
  EXPECT_EQ(check(row_choice::all()), refusal());
  EXPECT_EQ(check(row_choice::last(0)), refusal());
  EXPECT_EQ(check(row_choice::last(PTRDIFF_MAX)), refusal());
  EXPECT_EQ(check(row_choice::between(0, 0)), refusal());
  EXPECT_EQ(heads({0, 3, 7}), refusal());
  EXPECT_EQ(check(row_choice::last(-1)), refusal(errc::bad_value, "key_sums: last rows is -1, the least is 0"));
  EXPECT_EQ(check(row_choice::last(-7)), refusal(errc::bad_value, "key_sums: last rows is -7, the least is 0"));
  EXPECT_EQ(check(row_choice::between(-1, 3)), refusal(errc::bad_value, "key_sums: first row is -1, the least is 0"));
  EXPECT_EQ(check(row_choice::between(5, 3)),
            refusal(errc::bad_value, "key_sums: end of the rows is 3, but the first row is 5"));
  EXPECT_EQ(heads({0, 8}), refusal(errc::index_out_of_range, "key_sums: heads[1] is 8, but the query heads are 8"));
  EXPECT_EQ(heads({-1, 8}), refusal(errc::index_out_of_range, "key_sums: heads[0] is -1, the least is 0"));
  EXPECT_EQ(heads({3, 3}),
            refusal(errc::not_monotone, "key_sums: heads[1] is 3, entries ascend, and the one before is 3"));
}
} // namespace
