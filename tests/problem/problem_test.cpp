// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The normal form of rows: packed, or a dense batch whose sequences lie at a stride of their own.
#include <heed/problem/problem.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {
using namespace heed;

TEST(problem_problem, packed_rows_lead_where_the_view_leads) {
  std::vector<float> x(1000);
  const auto v = strided(x.data(), {5, 3, 4}, {17, 5, 1});
  const packed_rows<float> rows{v.data(), v.stride(0), v.stride(1), 0, 0};
  for (index_t t = 0; t < 5; ++t)
    for (index_t h = 0; h < 3; ++h) EXPECT_EQ(rows.row(t, h), &v(t, h, 0));
}

TEST(problem_problem, a_dense_batch_may_have_gaps_between_sequences) {
  std::vector<float> x(1000);
  const auto v = strided(x.data(), {4, 3, 2, 4}, {100, 9, 4, 1});
  const packed_rows<float> rows{v.data(), v.stride(1), v.stride(2), v.extent(1), v.stride(0)};
  for (index_t s = 0; s < 4; ++s)
    for (index_t r = 0; r < 3; ++r)
      for (index_t h = 0; h < 2; ++h) EXPECT_EQ(rows.row(s * 3 + r, h), &v(s, r, h, 0));
}
} // namespace
