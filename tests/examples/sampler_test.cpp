// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "llama/sampler.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

TEST(examples_sampler, greedy_takes_the_first_of_the_greatest) {
  llama::sampler s(0, 1);
  EXPECT_EQ(s.next(std::vector<float>{1, 3, 2, 3}), 1);
  EXPECT_EQ(s.next(std::vector<float>{-1}), 0);
}

TEST(examples_sampler, a_broken_model_still_gets_a_token) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  for (const double temperature : {0., 1.}) {
    llama::sampler s(temperature, 1);
    EXPECT_EQ(s.next(std::vector<float>{nan, 2, nan}), 1);
    for (const auto& logits : {std::vector<float>{nan, nan}, {inf, inf}, {-inf, -inf}}) {
      const llama::token_t t = s.next(logits);
      EXPECT_TRUE(t == 0 || t == 1);
    }
  }
}

TEST(examples_sampler, draws_in_proportion) {
  // Probabilities 1/7, 2/7, 4/7 at temperature 2.
  const std::vector<float> logits = {0, 2 * std::log(2.f), 2 * std::log(4.f)};
  llama::sampler s(2, 42);
  constexpr int n = 70000;
  int count[3] = {};
  for (int i = 0; i < n; ++i) ++count[s.next(logits)];
  for (int i = 0; i < 3; ++i) {
    const double p = (1 << i) / 7., sigma = std::sqrt(n * p * (1 - p));
    EXPECT_NEAR(count[i], n * p, 4 * sigma);
  }
}

TEST(examples_sampler, the_seed_decides) {
  const std::vector<float> logits(100, 0.f);
  const auto draw = [&](std::uint64_t seed) {
    llama::sampler s(1, seed);
    std::vector<llama::token_t> out(8);
    for (llama::token_t& t : out) t = s.next(logits);
    return out;
  };
  EXPECT_EQ(draw(3), draw(3));
  EXPECT_NE(draw(3), draw(4));
  // The standard fixes the generator, and the rest is arithmetic in double: the same on every machine.
  EXPECT_EQ(draw(1)[0], static_cast<llama::token_t>(static_cast<double>(std::mt19937_64(1)() >> 11) * 0x1p-53 * 100));
}

} // namespace
