// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// rope: what it refuses, and the permutation between the layouts.
#include <heed/rope/rope.hpp>

#include <gtest/gtest.h>

#include <support/refusal.hpp>

#include <limits>
#include <vector>

namespace {

using heed::errc;
using heed::index_t;
using heed::rope;
using heed::rope_layout;
using heed::test::refusal;

TEST(rope_rope, refuses_odd_dims_and_bases_that_give_no_angles) {
  EXPECT_EQ(rope{.dims = 0}.check().code, errc::ok);
  EXPECT_EQ(rope{.dims = 2}.check().code, errc::ok);
  for (const index_t dims : {-2, -1, 1, 63})
    EXPECT_EQ(refusal(rope{.dims = dims}.check()),
              refusal(errc::bad_value, "rope: dims is " + std::to_string(dims) + ", must be even and at least 0"));
  const auto of_theta = [](double theta) { return refusal(rope{.dims = 4, .theta = theta}.check()); };
  const auto expected = [](const char* theta) {
    return refusal(errc::bad_value, std::string("rope: theta is ") + theta + ", must be finite and above 1");
  };
  EXPECT_EQ(of_theta(1), expected("1"));
  EXPECT_EQ(of_theta(0.75), expected("0.75"));
  EXPECT_EQ(of_theta(-10000.5), expected("-10000.5"));
  EXPECT_EQ(of_theta(std::numeric_limits<double>::infinity()), expected("inf"));
  EXPECT_EQ(of_theta(std::numeric_limits<double>::quiet_NaN()), expected("nan"));
  EXPECT_EQ(refusal(rope{.dims = 4, .scaling = heed::rope_scaling::linear(-0.3)}.check()),
            refusal(errc::bad_value, "rope_scaling: factor is -0.3, must be finite and above 0"));
}

TEST(rope_rope, source_dims_are_a_permutation_that_keeps_pairs_together) {
  using enum heed::rope_layout;
  for (const index_t dims : {0, 2, 4, 10, 64}) {
    const index_t dim = dims + 3;
    std::vector<int> times(static_cast<std::size_t>(dim));
    for (index_t i = 0; i < dim; ++i) {
      const index_t to_half = heed::rope_source_dim(i, dims, interleaved, half);
      ++times[static_cast<std::size_t>(to_half)];
      // there and back
      EXPECT_EQ(heed::rope_source_dim(to_half, dims, half, interleaved), i);
      EXPECT_EQ(heed::rope_source_dim(i, dims, half, half), i);
      if (i >= dims) {
        EXPECT_EQ(to_half, i);
      }
    }
    for (const int n : times) EXPECT_EQ(n, 1);
    for (index_t l = 0; l < dims / 2; ++l) {
      EXPECT_EQ(heed::rope_source_dim(l, dims, interleaved, half), 2 * l);
      EXPECT_EQ(heed::rope_source_dim(l + dims / 2, dims, interleaved, half), 2 * l + 1);
    }
  }
}

} // namespace
