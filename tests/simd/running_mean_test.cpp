// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A running mean against double, for every remainder of a vector and all element types.
#include <heed/simd/running_mean.hpp>

#include <gtest/gtest.h>
#include <support/random.hpp>
#include <support/tolerance.hpp>

#include <cmath>

namespace {
using namespace heed;
using namespace heed::test;

template <class T> void compare(index_t rows, index_t dim) {
  heed::test::random gen(static_cast<std::uint64_t>(rows * 1000 + dim));
  const std::vector<T> x = gen.numbers<T>(rows * dim);
  std::vector<float> mean(static_cast<std::size_t>(dim + 1), 0.f);
  mean.back() = 9.f;
  for (index_t i = 0; i < rows; ++i)
    simd::running_mean(mean.data(), x.data() + i * dim, dim, static_cast<float>(i + 1));
  for (index_t d = 0; d < dim; ++d) {
    double sum = 0, most = 0;
    for (index_t i = 0; i < rows; ++i) {
      const double y = static_cast<double>(widen(x[static_cast<std::size_t>(i * dim + d)]));
      sum += y;
      most = std::max(most, std::fabs(y));
    }
    // Each step rounds a difference of at most 2 most, its share of that, and the sum.
    const auto n = static_cast<double>(rows);
    EXPECT_NEAR(static_cast<double>(mean[static_cast<std::size_t>(d)]), sum / n, 3 * (n + 1) * epsilon<float> * most);
  }
  EXPECT_EQ(mean.back(), 9.f) << "one beyond the row";
}

TEST(simd_running_mean, equals_double_for_every_remainder_and_type) {
  for (const index_t rows : {1, 2, 7, 100})
    for (index_t dim = 0; dim <= 50; ++dim) {
      compare<float>(rows, dim);
      compare<bf16>(rows, dim);
      compare<f16>(rows, dim);
      compare<double>(rows, dim);
    }
}

TEST(simd_running_mean, a_share_weighs_a_row_that_stands_for_many) {
  // Three rows of mean 5 join one of 1: four rows of mean 4.
  std::vector<float> mean(33, 1.f);
  const std::vector<float> x(33, 5.f);
  simd::running_mean(mean.data(), x.data(), 33, 4.f / 3.f);
  for (const float m : mean) EXPECT_FLOAT_EQ(m, 4.f);
}

TEST(simd_running_mean, vector_and_remainder_give_the_same_bits) {
  heed::test::random gen(7);
  const std::vector<float> x = gen.numbers<float>(48);
  std::vector<float> whole(48, 0.25f), single(48, 0.25f);
  simd::running_mean(whole.data(), x.data(), 48, 3.f);
  for (std::size_t e = 0; e < 48; ++e) simd::running_mean(single.data() + e, x.data() + e, 1, 3.f);
  EXPECT_EQ(whole, single);
}
} // namespace
