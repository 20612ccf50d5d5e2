// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// row_scale: factors by token of ragged and dense batches and by position, the laws, and what it refuses.
#include <heed/score/row_scale.hpp>

#include "score_checks.hpp"

namespace {

using heed::errc;
using heed::index_t;
using heed::row_scale;

const std::vector<float> factors{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

TEST(score_row_scale, finds_the_factor_of_a_token_and_of_a_position) {
  const std::vector<index_t> offsets{0, 3, 10};
  const heed::cell at{1, 0, 7, 0, 2, 0};
  EXPECT_EQ(row_scale::by_token(factors, offsets)(0.5f, at), 0.5f * 6);
  EXPECT_EQ(row_scale::by_token(factors, 4)(0.5f, at), 0.5f * 7);
  EXPECT_EQ(row_scale::by_position(factors)(0.5, at), 0.5 * 8);
  // Rows before the first key and queries beyond the list read an entry, too.
  EXPECT_EQ(row_scale::by_position(factors).factor(0, 0, -3), 1.f);
  EXPECT_EQ(row_scale::by_position(factors).factor(0, 0, 99), 10.f);
}

TEST(score_row_scale, keeps_the_laws) {
  heed::test::random r(2);
  const auto list = r.numbers<float>(2 * 33);
  const std::vector<index_t> offsets{0, 33, 66};
  heed::test::expect_laws(row_scale::by_token(list, offsets));
  heed::test::expect_laws(row_scale::by_token(list, 33));
  const auto positions = r.numbers<float>(80);
  heed::test::expect_laws(row_scale::by_position(positions));
}

TEST(score_row_scale, refuses_lists_that_do_not_cover_the_call) {
  const index_t seen = 10;
  heed::call_extents e = heed::test::extents(2, 5, 1, 1, &seen);
  const std::vector<index_t> offsets{0, 5, 10}, past_the_end{0, 6, 11}, negative{-1, 4, 9}, too_few{0, 5};
  const std::span<const float> all(factors);
  EXPECT_EQ(row_scale::by_token(all, offsets).check(e).code, errc::ok);
  EXPECT_EQ(row_scale::by_token(all, 5).check(e).code, errc::ok);
  EXPECT_EQ(row_scale::by_position(all).check(e).code, errc::ok);
  EXPECT_EQ(row_scale::by_token(all.first(9), offsets).check(e).code, errc::bad_extent);
  EXPECT_EQ(row_scale::by_token(all.first(9), 5).check(e).code, errc::bad_extent);
  EXPECT_EQ(row_scale::by_position(all.first(9)).check(e).code, errc::bad_extent);
  EXPECT_EQ(row_scale::by_position({}).check(e).code, errc::bad_extent);
  EXPECT_EQ(row_scale::by_token(all, past_the_end).check(e).code, errc::bad_extent);
  EXPECT_EQ(row_scale::by_token(all, negative).check(e).code, errc::index_out_of_range);
  EXPECT_EQ(row_scale::by_token(all, too_few).check(e).code, errc::bad_extent);
  EXPECT_EQ(row_scale::by_token(all).check(e).code, errc::bad_value); // two sequences need rows_each
  EXPECT_EQ(row_scale::by_token(all, -1).check(e).code, errc::bad_value);
  e.sequences = 1;
  EXPECT_EQ(row_scale::by_token(all).check(e).code, errc::ok);
  const std::vector<index_t> wrap{PTRDIFF_MAX, PTRDIFF_MAX};
  EXPECT_EQ(row_scale::by_token(all, wrap).check(e).code, errc::size_overflow);
}

} // namespace
