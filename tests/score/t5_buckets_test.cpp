// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// t5_buckets: golden buckets of the released code, a double-precision formula, and the table it expands to.
#include <heed/score/relative_bias.hpp>
#include <heed/score/t5_buckets.hpp>

#include "score_checks.hpp"

#include <support/refusal.hpp>

#include <cmath>

namespace {

using heed::bucket_sides;
using heed::index_t;
using heed::t5_buckets;
using heed::test::refusal;

/// The published formula in double, with key - query as there.
index_t published(index_t relative, bool bidirectional, index_t buckets, index_t max_distance) {
  index_t base = 0, n = -relative;
  if (bidirectional) {
    buckets /= 2;
    if (n < 0) base = buckets;
    n = std::abs(n);
  } else if (n < 0) {
    n = 0;
  }
  const index_t exact = buckets / 2;
  if (n < exact) return base + n;
  const double part = std::log(static_cast<double>(n) / static_cast<double>(exact)) /
                      std::log(static_cast<double>(max_distance) / static_cast<double>(exact)) *
                      static_cast<double>(buckets - exact);
  // Where the quotient is whole, double and float may fall on different sides: allow the float to decide.
  const auto bucket = exact + static_cast<index_t>(part + (std::fabs(part - std::round(part)) < 1e-9 ? 1e-6 : 0.));
  return base + std::min(bucket, buckets - 1);
}

TEST(score_t5_buckets, follow_the_published_formula) {
  for (const auto sides : {bucket_sides::past, bucket_sides::both})
    for (const auto& [buckets, most] :
         {std::pair<index_t, index_t>{32, 128}, {32, 100}, {16, 300}, {4, 5}, {64, 1000}}) {
      const t5_buckets b{buckets, most, sides};
      ASSERT_FALSE(b.check());
      for (index_t d = -2 * most; d <= 2 * most; ++d)
        EXPECT_EQ(b.of(d), published(-d, sides == bucket_sides::both, buckets, most))
            << buckets << ' ' << most << ' ' << d;
    }
}

TEST(score_t5_buckets, golden_values_of_the_defaults) {
  const t5_buckets past{}, both{.sides = bucket_sides::both};
  EXPECT_EQ(past.of(-3), 0);
  EXPECT_EQ(past.of(15), 15);
  EXPECT_EQ(past.of(16), 16);
  EXPECT_EQ(past.of(128), 31);
  EXPECT_EQ(past.of(1 << 20), 31);
  EXPECT_EQ(both.of(7), 7);
  EXPECT_EQ(both.of(8), 8);
  EXPECT_EQ(both.of(-1), 17);
  EXPECT_EQ(both.of(-200), 31);
  EXPECT_EQ(both.of(200), 15);
}

TEST(score_t5_buckets, expand_to_a_table_that_gives_each_distance_its_bucket) {
  constexpr index_t heads = 3;
  for (const auto sides : {bucket_sides::past, bucket_sides::both}) {
    const t5_buckets b{8, 20, sides};
    heed::test::random r(5);
    const auto weights = r.numbers<float>(8 * heads);
    std::vector<float> table(static_cast<std::size_t>(heads * 41));
    const auto by_bucket = heed::view(weights.data(), 8, heads);
    ASSERT_FALSE(b.expand(by_bucket, heed::view(table.data(), heads, 41)));
    const heed::relative_bias mod{heed::view(table.data(), heads, 41)};
    for (index_t q = 0; q < 60; q += 3)
      for (index_t k = 0; k < 60; ++k)
        for (index_t h = 0; h < heads; ++h)
          EXPECT_EQ(mod(0.f, heed::cell{0, h, q, k, 0, k}), by_bucket(b.of(q - k), h)) << q << ' ' << k;
  }
}

TEST(score_t5_buckets, refuse_what_has_no_buckets) {
  EXPECT_FALSE((t5_buckets{2, 2}.check()));
  const auto value = [](const char* text) { return refusal(heed::errc::bad_value, text); };
  EXPECT_EQ(refusal(t5_buckets{1, 128}.check()), value("t5_buckets: buckets is 1, the least is 2"));
  EXPECT_EQ(refusal(t5_buckets{(1 << 20) + 1, index_t{1} << 30}.check()),
            value("t5_buckets: buckets is 1048577, the most is 1048576"));
  EXPECT_EQ(refusal(t5_buckets{32, 16}.check()), value("t5_buckets: max_distance is 16, must be above 16"));
  EXPECT_EQ(refusal(t5_buckets{32, (index_t{1} << 40) + 1}.check()),
            value("t5_buckets: max_distance is 1099511627777, the most is 1099511627776"));
  for (const index_t n : {2, 5})
    EXPECT_EQ(refusal(t5_buckets{n, 128, bucket_sides::both}.check()),
              refusal(heed::errc::bad_value,
                      "t5_buckets: buckets is " + std::to_string(n) + ", must be even and at least 4"));
  std::vector<float> in(8 * 2), out(2 * 41, 1.f);
  const t5_buckets b{8, 20};
  const auto weights = heed::view(static_cast<const float*>(in.data()), 8, 2);
  const auto extent = [](const char* text) { return refusal(heed::errc::bad_extent, text); };
  EXPECT_EQ(refusal(b.expand(weights, heed::view(out.data(), 2, 40))),
            extent("out: number of columns is 40, must be 41"));
  EXPECT_EQ(refusal(b.expand(weights, heed::view(out.data(), 1, 41))),
            extent("out: number of rows is 1, but the heads are 2"));
  EXPECT_EQ(refusal(b.expand(weights.slice(0, 0, 7), heed::view(out.data(), 2, 41))),
            extent("by_bucket: number of rows is 7, but buckets is 8"));
  EXPECT_EQ(out, std::vector<float>(2 * 41, 1.f));
}

} // namespace
