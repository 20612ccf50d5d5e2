// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What heed_profile makes of one row of attention or one output, by numbers worked out by hand.
#include "profile/row_scores.hpp"

#include "profile/head_scores.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

TEST(examples_row_scores, a_fact_scores_its_mass_once_for_each_time_it_holds_the_token_said) {
  const std::vector<float> row = {0.0625f, 0.125f, 0.25f, 0.5f, 0.0625f};
  EXPECT_EQ(profile::mass_on(row.data(), 1, 2), 0.375);
  EXPECT_EQ(profile::mass_on(row.data(), 4, 1), 0.0625);
  const std::vector<needle::token_t> fact = {3, 10, 410, 410, 5};
  const std::vector<double> mass = {0.25, 0.5};
  std::vector<double> score = {1, 2};
  profile::add_retrieval(score, mass, fact, 410);
  EXPECT_EQ(score, (std::vector<double>{1.5, 3})) << "410 stands there twice";
  profile::add_retrieval(score, mass, fact, 5);
  EXPECT_EQ(score, (std::vector<double>{1.75, 3.5}));
  profile::add_retrieval(score, mass, fact, 411);
  EXPECT_EQ(score, (std::vector<double>{1.75, 3.5})) << "no token of the fact";
}

TEST(examples_row_scores, echo_is_on_copies_and_induction_on_what_follows_them) {
  // Behind the first token three, told three times: 0 | 1 2 3 | 4 5 6 | 7 8 9. Slot j weighs 2^j.
  std::array<float, 10> row = {};
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<float>(1 << j);
  for (const auto& [query, echo, induction] : std::vector<std::tuple<std::ptrdiff_t, double, double>>{
           {4, 2, 4}, {6, 8, 16}, {7, 16 + 2, 32 + 4}, {8, 32 + 4, 64 + 8}, {9, 64 + 8, 128 + 16}}) {
    EXPECT_EQ(profile::mass_on_copies(row.data(), query, 3).echo, echo) << query;
    EXPECT_EQ(profile::mass_on_copies(row.data(), query, 3).induction, induction) << query;
  }
  EXPECT_EQ(profile::mass_on_copies(row.data(), 2, 1).echo, 2) << "the first token is no copy";
}

TEST(examples_row_scores, even_rows_have_a_half_recent_ones_nothing_and_sinks_one) {
  std::vector<float> even(500, 1.f / 500), recent(500), sink(500);
  recent.back() = 1;
  sink.front() = 1;
  EXPECT_NEAR(profile::mean_running_sum(even.data(), 500), 501. / 1000, 1e-7); // 1 / 500 is rounded to f32
  EXPECT_DOUBLE_EQ(profile::mean_running_sum(recent.data(), 500), 1. / 500);
  EXPECT_DOUBLE_EQ(profile::mean_running_sum(sink.data(), 500), 1.);
  const std::vector<float> some = {0.25f, 0, 0.5f, 0.25f};
  EXPECT_DOUBLE_EQ(profile::mean_running_sum(some.data(), 4), (0.25 + 0.25 + 0.75 + 1) / 4);
}

TEST(examples_row_scores, the_greatest_of_each_slot_stays) {
  std::vector<float> greatest = {0, 0.5f, 0.25f};
  const std::vector<float> row = {0.125f, 0.25f, 0.375f, 1};
  profile::raise_to(greatest, row.data());
  EXPECT_EQ(greatest, (std::vector<float>{0.125f, 0.5f, 0.375f}));
}

TEST(examples_row_scores, distances_are_euclidean_and_relative_to_the_second) {
  const auto far = [](const std::vector<float>& a, const std::vector<float>& b) {
    return profile::relative_distance(a, b);
  };
  EXPECT_DOUBLE_EQ(far({3, 4, 0}, {0, 4, 3}), std::sqrt(18.) / 5.00001);
  EXPECT_DOUBLE_EQ(far({6, 8}, {3, 4}), 5 / 5.00001);
  EXPECT_DOUBLE_EQ(far({3, 4}, {6, 8}), 5 / 10.00001);
  EXPECT_DOUBLE_EQ(far({3, 4}, {0, 0}), 5 / 1e-5);
  EXPECT_EQ(far({3, 4}, {3, 4}), 0);
}

TEST(examples_row_scores, errors_become_shares) {
  std::vector<double> errors = {1, 3, 4}, none = {0, 0};
  profile::make_shares(errors);
  EXPECT_NEAR(errors[0], 0.125, 1e-12);
  EXPECT_NEAR(errors[1], 0.375, 1e-12);
  EXPECT_NEAR(errors[2], 0.5, 1e-12);
  profile::make_shares(none);
  EXPECT_EQ(none, (std::vector<double>{0, 0}));
}

/// Rows (x, y) of one head each, turned by their positions as a model's cache holds them.
void turn(std::vector<float>& rows, std::ptrdiff_t heads) {
  const auto n = static_cast<std::ptrdiff_t>(rows.size()) / (2 * heads);
  for (std::ptrdiff_t t = 0; t < n; ++t)
    for (std::ptrdiff_t h = 0; h < heads; ++h) {
      float* row = rows.data() + (t * heads + h) * 2;
      const double angle = static_cast<double>(t), x = static_cast<double>(row[0]), y = static_cast<double>(row[1]);
      row[0] = static_cast<float>(x * std::cos(angle) - y * std::sin(angle));
      row[1] = static_cast<float>(x * std::sin(angle) + y * std::cos(angle));
    }
}

TEST(examples_row_scores, the_position_score_is_that_of_the_mean_query_over_the_mean_key_at_each_place) {
  // Two dimensions turn by one radian a position: the mean query (a, 0) at the last place L gives the mean key (x, y)
  // at t the logit a (x cos(L - t) + y sin(L - t)) / sqrt(2). Two query heads share a key head.
  constexpr std::ptrdiff_t places = 40;
  const double query[4] = {2, -1, 3, 0.5}, key[2][2] = {{1.5, 0}, {0.25, -1}};
  std::vector<float> q, k;
  for (const double from_mean : {-0.5, 0.125, 0.375}) { // of three rows; they cancel out
    for (const double a : query) q.insert(q.end(), {static_cast<float>(a + from_mean), static_cast<float>(from_mean)});
    for (const auto& x : key)
      k.insert(k.end(), {static_cast<float>(x[0] - from_mean), static_cast<float>(x[1] + 2 * from_mean)});
  }
  turn(q, 4);
  turn(k, 2);
  heed::thread_pool pool(1);
  const auto scores =
      profile::position_scores(pool, heed::rope{.dims = 2}, heed::view(std::as_const(q).data(), 3, 4, 2),
                               heed::view(std::as_const(k).data(), 3, 2, 2), places);
  ASSERT_EQ(scores.size(), 4u);
  for (std::size_t h = 0; h < 4; ++h) {
    double sum = 0, later = 0; // a place counts in every running sum from its own on
    for (std::ptrdiff_t t = 0; t < places; ++t) {
      const auto back = static_cast<double>(places - 1 - t);
      const double e =
          std::exp(query[h] * (key[h / 2][0] * std::cos(back) + key[h / 2][1] * std::sin(back)) / std::sqrt(2.));
      sum += e;
      later += e * static_cast<double>(places - t) / static_cast<double>(places);
    }
    EXPECT_NEAR(scores[h], later / sum, 1e-5) << h;
  }
}

} // namespace
