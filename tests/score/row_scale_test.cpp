// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// row_scale: factors by token of ragged and dense batches and by position, the laws, and what it refuses.
#include <heed/score/row_scale.hpp>

#include "score_checks.hpp"

#include <support/refusal.hpp>

namespace {

using heed::errc;
using heed::index_t;
using heed::row_scale;
using heed::test::refusal;

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
  const auto check = [&](const row_scale& mod) { return refusal(mod.check(e)); };
  const auto extent = [](const char* text) { return refusal(errc::bad_extent, text); };
  EXPECT_EQ(check(row_scale::by_token(all, offsets)), refusal());
  EXPECT_EQ(check(row_scale::by_token(all, 5)), refusal());
  EXPECT_EQ(check(row_scale::by_position(all)), refusal());
  for (const row_scale& mod : {row_scale::by_token(all.first(9), offsets), row_scale::by_token(all.first(9), 5),
                               row_scale::by_position(all.first(9))})
    EXPECT_EQ(check(mod), extent("row_scale: number of factors is 9, but the call needs 10"));
  EXPECT_EQ(check(row_scale::by_position({})), extent("row_scale: number of factors is 0, the least is 1"));
  EXPECT_EQ(check(row_scale::by_token(all, past_the_end)),
            extent("row_scale: number of factors is 10, but the call needs 11"));
  EXPECT_EQ(check(row_scale::by_token(all, negative)),
            refusal(errc::index_out_of_range, "row_scale: row_offsets[0] is -1, the least is 0"));
  EXPECT_EQ(check(row_scale::by_token(all, too_few)), extent("row_scale: number of row_offsets is 2, must be 3"));
  EXPECT_EQ(check(row_scale::by_token(all)), // two sequences need rows_each
            refusal(errc::bad_value, "row_scale: rows_each is 0, but a sequence has rows 5"));
  EXPECT_EQ(check(row_scale::by_token(all, -1)),
            refusal(errc::bad_value, "row_scale: rows_each is -1, must be from 0 to 1099511627776"));
  e.sequences = 1;
  EXPECT_EQ(check(row_scale::by_token(all)), refusal());
  const std::vector<index_t> wrap{PTRDIFF_MAX, PTRDIFF_MAX};
  EXPECT_EQ(check(row_scale::by_token(all, wrap)),
            refusal(errc::size_overflow, "row_scale: row_offsets[0] is 9223372036854775807, plus the rows must stay "
                                         "below 9223372036854775807"));
  e = heed::test::extents(index_t{1} << 24, 1, 1, 1, &seen);
  e.source = nullptr;
  EXPECT_EQ(check(row_scale::by_token(std::span<const float>(factors.data(), PTRDIFF_MAX), index_t{1} << 40)),
            refusal(errc::size_overflow, "row_scale: rows_each is 1099511627776, times the sequences must stay below "
                                         "9223372036854775807"));
}

} // namespace
