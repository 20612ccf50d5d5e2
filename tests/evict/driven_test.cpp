// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The attention of the small engine, compiled once for the tests of this room, and that it is attention.
#include <evict/driven.hpp>

#include <gtest/gtest.h>

#include <heed/epilogue/lse.hpp>
#include <heed/evict/keep_all.hpp>
#include <support/tolerance.hpp>

namespace heed::test {

void attend_to(thread_pool& pool, const tensor_view<const float, 3>& q, const test_source& kv,
               const tensor_view<float, 3>& o, const tensor_view<float, 2>& sums) {
  attend(pool, q, kv, o, causal{}, lse(sums));
}

namespace {
TEST(evict_driven, the_engine_attends_causally_to_all_that_it_appended) {
  const engine_shape s{1, 2, 1, 4, 16};
  small_engine e(s, 1);
  cache_driver<keep_all> driver(e.driven(3), std::vector<keep_all>(1));
  ASSERT_FALSE(driver.begin(std::vector<index_t>{0}));
  ASSERT_FALSE(e.pass(driver, 3));
  for (index_t row = 0; row < 3; ++row)
    for (index_t h = 0; h < 2; ++h) {
      double sum = 0, most = 0;
      for (index_t j = 0; j <= row; ++j) {
        double score = 0;
        for (index_t d = 0; d < 4; ++d)
          score += static_cast<double>(e.q[at((row * 2 + h) * 4 + d)]) * static_cast<double>(e.k[at(j * 4 + d)]) / 2;
        sum += std::exp(score);
        most = std::fmax(most, std::fabs(score));
      }
      EXPECT_NEAR(static_cast<double>(e.lse[at(row * 2 + h)]), std::log(sum), (4 + 2 + 2 * 2 * most) * epsilon<float>);
    }
}
} // namespace
} // namespace heed::test
