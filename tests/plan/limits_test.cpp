// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Limits of a plan: defaults, counts that stay inside 64 bits, refusals.
#include <heed/plan/limits.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

namespace {
using namespace heed;
using heed::test::refusal;

TEST(plan_limits, rows_of_a_sequence_are_by_default_all_tokens) {
  EXPECT_EQ((batch_shape{2, 6, 4, 10}.rows()), 6);
  EXPECT_EQ((batch_shape{2, 6, 4, 10, 5}.rows()), 5);
  const batch_shape decode = decode_shape{3, 4, 10};
  EXPECT_EQ(decode.sequences, 3);
  EXPECT_EQ(decode.tokens, 3);
  EXPECT_EQ(decode.q_heads, 4);
  EXPECT_EQ(decode.max_slots, 10);
  EXPECT_EQ(decode.rows(), 1);
}

TEST(plan_limits, refused_with_code_and_text) {
  const auto check = [](const batch_shape& s) { return refusal(detail::check_limits(s)); };
  constexpr index_t most = index_t{1} << 40;
  EXPECT_EQ(check({0, 0, 1, 0, 0}), refusal());
  EXPECT_EQ(check({most, most, most, most, most}), refusal());
  EXPECT_EQ(check({-1, 6, 4, 10}), refusal(errc::bad_extent, "shape: sequences is -1, the least is 0"));
  EXPECT_EQ(check({1, -6, 4, 10}), refusal(errc::bad_extent, "shape: tokens is -6, the least is 0"));
  EXPECT_EQ(check({1, 6, 0, 10}), refusal(errc::bad_extent, "shape: q_heads is 0, the least is 1"));
  EXPECT_EQ(check({1, 6, 4, -1}), refusal(errc::bad_extent, "shape: max_slots is -1, the least is 0"));
  EXPECT_EQ(check({1, 6, 4, 10, -2}), refusal(errc::bad_extent, "shape: max_rows is -2, the least is 0"));
  const std::string over = " is 1099511627777, the limit is 1099511627776";
  EXPECT_EQ(check({most + 1, 6, 4, 10}), refusal(errc::limit_exceeded, "shape: sequences" + over));
  EXPECT_EQ(check({1, most + 1, 4, 10}), refusal(errc::limit_exceeded, "shape: tokens" + over));
  EXPECT_EQ(check({1, 6, most + 1, 10}), refusal(errc::limit_exceeded, "shape: q_heads" + over));
  EXPECT_EQ(check({1, 6, 4, most + 1}), refusal(errc::limit_exceeded, "shape: max_slots" + over));
  EXPECT_EQ(check({1, 6, 4, 10, most + 1}), refusal(errc::limit_exceeded, "shape: max_rows" + over));
}

TEST(plan_limits, counts_stay_at_the_cap) {
  using detail::capped_product, detail::capped_sum, detail::too_many;
  EXPECT_EQ(capped_product(6, 7), 42);
  EXPECT_EQ(capped_product(0, too_many), 0);
  EXPECT_EQ(capped_product(index_t{1} << 31, index_t{1} << 31), too_many);
  EXPECT_EQ(capped_product(index_t{1} << 40, index_t{1} << 40), too_many);
  EXPECT_EQ(capped_product(too_many, too_many), too_many);
  EXPECT_EQ(capped_sum(6, 7, 8), 21);
  EXPECT_EQ(capped_sum(too_many, too_many), too_many);
  EXPECT_EQ(capped_sum(too_many, too_many, too_many, 1), too_many);
}
} // namespace
