// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// log_n: the formula, the laws at positions below, at and far beyond the trained length, and what it refuses.
#include <heed/score/log_n.hpp>

#include "score_checks.hpp"

#include <support/refusal.hpp>

#include <cmath>

namespace {

using heed::index_t;
using heed::log_n;
using heed::test::refusal;

TEST(score_log_n, is_one_up_to_the_trained_length_and_a_logarithm_beyond) {
  const log_n mod{2048};
  const auto at = [](index_t q) { return heed::cell{0, 0, q, 0, 0, 0}; };
  for (const index_t q : {-5, 0, 1, 2046, 2047}) EXPECT_EQ(mod(3., at(q)), 3.) << q;
  for (const index_t q : {2048, 4095, 1 << 20})
    EXPECT_DOUBLE_EQ(mod(3., at(q)), 3 * std::log(static_cast<double>(q + 1)) / std::log(2048.)) << q;
}

TEST(score_log_n, keeps_the_laws) {
  for (const index_t trained : {2, 70, 77, 2048, 1 << 20})
    for (const index_t first : {index_t{0}, trained - 17, index_t{1} << 22})
      heed::test::expect_laws(log_n{trained}, {.first_q = first});
}

TEST(score_log_n, refuses_lengths_without_a_logarithm) {
  const index_t seen = 8;
  const heed::call_extents e = heed::test::extents(1, 1, 1, 1, &seen);
  EXPECT_FALSE(log_n{2}.check(e));
  for (const index_t n : {-1, 0, 1})
    EXPECT_EQ(refusal(log_n{n}.check(e)),
              refusal(heed::errc::bad_value, "log_n: trained_length is " + std::to_string(n) + ", the least is 2"));
}

} // namespace
