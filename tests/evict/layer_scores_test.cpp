// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What a driver keeps for its policy: how much, and what it refuses. Scores themselves: cache_driver_test.cpp.
#include <heed/evict/h2o.hpp>
#include <heed/evict/layer_scores.hpp>
#include <heed/evict/snap_kv.hpp>
#include <heed/evict/streaming.hpp>

#include <gtest/gtest.h>

#include <support/refusal.hpp>

namespace heed::test {
namespace {

constexpr driver_shape shape{.layers = 3, .q_heads = 4, .kv_heads = 2, .key_dim = 8, .max_slots = 10, .max_rows = 5};
constexpr index_t number = 4, index = 8; // bytes

TEST(evict_layer_scores, last_rows_are_kept_per_layer_and_scored_in_one_table) {
  const std::vector<snap_kv> policies{{2, {}, {}}, {3, {}, {}}, {1, {}, {}}};
  const detail::layer_scores<snap_kv, float> s(shape, policies);
  const index_t queries = 3 * 2 * 3 * 4 * (8 + 1) * number + 3 * index; // twice the longest window, with lse
  EXPECT_EQ(s.bytes_held(), queries + 4 * 10 * number + 2 * 10 * number + 2 * index);
  EXPECT_EQ(s.table(0).row(0).data(), s.table(2).row(0).data());
}

TEST(evict_layer_scores, running_sums_have_a_table_for_each_layer) {
  const std::vector<h2o> policies(3);
  const detail::layer_scores<h2o, float> s(shape, policies);
  EXPECT_EQ(s.bytes_held(), 3 * index + 4 * 10 * number + 3 * (2 * 10 * number + 2 * index));
  EXPECT_EQ(s.table(2).row(0).data() - s.table(0).row(0).data(), 2 * 2 * 10);
}

TEST(evict_layer_scores, forgotten_rows_take_their_entries_along) {
  struct held {
    index_t n;
    [[nodiscard]] index_t slots(index_t, index_t) const noexcept { return n; }
  };
  const std::vector<h2o> policies(3);
  detail::layer_scores<h2o, float> s(shape, policies);
  ASSERT_FALSE(s.table(1).resize(0, 7));
  ASSERT_FALSE(s.table(1).resize(1, 4));
  ASSERT_FALSE(s.forget(1, policies[1], 2, held{5}));
  EXPECT_EQ(s.table(1).slots(0), 5);
  EXPECT_EQ(s.table(1).slots(1), 4);
  s.clear();
  EXPECT_EQ(s.table(1).slots(0), 0);
}

TEST(evict_layer_scores, refuses_rows_of_another_shape) {
  const std::vector<h2o> policies(3);
  const detail::layer_scores<h2o, float> s(shape, policies);
  const std::vector<float> q(6 * 5 * 9), lse(6 * 5);
  const auto refused = [&](index_t rows, index_t heads, index_t dim, index_t lse_rows) {
    return refusal(s.check_rows(view(q.data(), rows, heads, dim), view(lse.data(), lse_rows, 4)));
  };
  EXPECT_FALSE(s.check_rows(view(q.data(), 5, 4, 8), view(lse.data(), 5, 4)));
  EXPECT_EQ(refused(6, 4, 8, 6), (refusal{errc::limit_exceeded, "cache_driver: rows is 6, max_rows is 5"}));
  EXPECT_EQ(refused(5, 5, 8, 5), (refusal{errc::bad_extent, "cache_driver: q_heads of q is 5, it must be 4"}));
  EXPECT_EQ(refused(5, 4, 9, 5), (refusal{errc::dim_mismatch, "cache_driver: key_dim of q is 9, it must be 8"}));
  EXPECT_EQ(refused(5, 4, 8, 4).code, errc::bad_extent);
}

TEST(evict_layer_scores, a_policy_that_looks_at_nothing_needs_nothing) {
  EXPECT_EQ((detail::scores_of<streaming, float>::type{}.bytes_held()), 0);
}

} // namespace
} // namespace heed::test
