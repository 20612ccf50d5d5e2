// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Orders and prefixes: ties by lower index, prefixes that end as soon as the mass is reached.
#include <heed/select/ranking.hpp>

#include <gtest/gtest.h>
#include <support/random.hpp>

namespace {
using namespace heed;
using order = std::vector<std::int32_t>;

template <class A> order ranked(const std::vector<A>& scores) {
  order o;
  rank_descending(std::span<const A>(scores), o);
  return o;
}
index_t prefix(const std::vector<double>& scores, double kept, double mass) {
  return shortest_prefix(std::span<const double>(scores), std::span<const std::int32_t>(ranked(scores)), kept, mass);
}

TEST(select_ranking, higher_scores_first_and_equal_ones_by_lower_index) {
  EXPECT_EQ(ranked<float>({1.f, 3.f, 2.f, 3.f}), (order{1, 3, 2, 0}));
  EXPECT_EQ(ranked<double>({0., -0., 0.}), (order{0, 1, 2}));
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(ranked<double>({-inf, 5, inf, -inf}), (order{2, 1, 0, 3}));
  EXPECT_TRUE(ranked<float>({}).empty());
}

TEST(select_ranking, nan_comes_last_by_lower_index_and_makes_prefixes_whole) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(ranked<double>({nan, -inf, 2, nan, 7}), (order{4, 2, 1, 0, 3}));
  heed::test::random gen(2);
  std::vector<float> scores(500);
  for (float& x : scores) x = gen.chance(3) ? static_cast<float>(nan) : static_cast<float>(gen.integer(0, 9));
  const order all = ranked(scores);
  for (std::size_t i = 1; i < all.size(); ++i) {
    const float x = scores[static_cast<std::size_t>(all[i - 1])], y = scores[static_cast<std::size_t>(all[i])];
    EXPECT_TRUE(x > y || (x == y && all[i - 1] < all[i]) || (y != y && (x == x || all[i - 1] < all[i]))) << i;
  }
  EXPECT_EQ(prefix({1, 2, 3}, 0, nan), 3);
  EXPECT_EQ(prefix({1, nan, 3}, 0, 3.5), 2) << "what is a number comes first";
}

TEST(select_ranking, top_places_equal_those_of_the_whole_order) {
  heed::test::random gen(1);
  for (int n = 0; n < 60; ++n) {
    std::vector<float> scores(static_cast<std::size_t>(n));
    for (float& x : scores) x = static_cast<float>(gen.integer(0, 9));
    for (const index_t count : {0, 1, 7, 59, 100}) {
      order top;
      rank_top(std::span<const float>(scores), count, top);
      const auto kept = std::min(static_cast<std::size_t>(count), scores.size());
      ASSERT_EQ(top.size(), scores.size());
      EXPECT_TRUE(std::equal(top.begin(), top.begin() + static_cast<index_t>(kept), ranked(scores).begin()));
    }
  }
}

TEST(select_ranking, the_shortest_prefix_reaches_the_mass_and_no_shorter_one_does) {
  const std::vector<double> scores{0.125, 0.5, 0.25, 0.125};
  EXPECT_EQ(prefix(scores, 0, 0), 0);
  EXPECT_EQ(prefix(scores, 0, 0.5), 1);
  EXPECT_EQ(prefix(scores, 0, 0.51), 2);
  EXPECT_EQ(prefix(scores, 0, 0.75), 2);
  EXPECT_EQ(prefix(scores, 0, 1), 4);
  EXPECT_EQ(prefix(scores, 0, 2), 4) << "never more than all";
  EXPECT_EQ(prefix(scores, 0.5, 0.5), 0) << "what is kept already counts";
  EXPECT_EQ(prefix(scores, 0.25, 0.5), 1);
}
} // namespace
