// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Means of rows against double, for every remainder of a vector, strides and element types.
#include <heed/simd/mean_rows.hpp>

#include <gtest/gtest.h>
#include <support/random.hpp>
#include <support/tolerance.hpp>

#include <cmath>

namespace {
using namespace heed;
using namespace heed::test;

template <class T> void compare(index_t count, index_t dim, index_t stride) {
  heed::test::random gen(static_cast<std::uint64_t>(count * 1000 + dim));
  const std::vector<T> x = gen.numbers<T>((count - 1) * stride + dim);
  std::vector<accum_t<T>> out(static_cast<std::size_t>(dim + 1), accum_t<T>(9));
  simd::mean_rows<accum_t<T>>(x.data(), stride, count, dim, out.data());
  for (index_t d = 0; d < dim; ++d) {
    double sum = 0, magnitude = 0;
    for (index_t i = 0; i < count; ++i) {
      const double y = static_cast<double>(widen(x[static_cast<std::size_t>(i * stride + d)]));
      sum += y;
      magnitude += std::fabs(y);
    }
    const auto n = static_cast<double>(count);
    EXPECT_NEAR(static_cast<double>(out[static_cast<std::size_t>(d)]), sum / n,
                (n + 1) * epsilon<accum_t<T>> * magnitude / n);
  }
  EXPECT_EQ(out[static_cast<std::size_t>(dim)], accum_t<T>(9)) << "one beyond the row";
}

TEST(simd_mean_rows, equal_double_for_every_remainder_and_type) {
  for (const index_t count : {1, 2, 5, 128})
    for (index_t dim = 1; dim <= 36; ++dim) {
      compare<float>(count, dim, dim);
      compare<double>(count, dim, dim + 3);
      compare<bf16>(count, dim, dim + 8);
      compare<f16>(count, dim, dim);
    }
}

TEST(simd_mean_rows, a_row_alone_is_itself) {
  const std::vector<float> x{1.5f, -2.25f, 0x1p-140f, 3e38f, 7.f};
  std::vector<float> out(5);
  simd::mean_rows<float>(x.data(), 5, 1, 5, out.data());
  EXPECT_EQ(out, x);
}
} // namespace
