// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Scores without a driver are those of a driver, and the stages by hand are an eviction.
#include <heed/evict/policy_scorer.hpp>

#include <evict/driven.hpp>

#include <gtest/gtest.h>

#include <heed/evict/compact.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

constexpr engine_shape flat{1, 4, 2, 8, 80};
const snap_kv policy{4, {pooling::kind::average, 5}, {}};

TEST(evict_policy_scorer, by_hand_equals_the_driver) {
  small_engine e(flat, 0), by_hand(flat, 0, 2);
  const auto driver = driver_of(policy, e.driven(24)), nothing = driver_of(keep_all{}, e.driven(24));
  driver->prepare(e.pool, e.cache(0).source());
  ASSERT_FALSE(driver->begin(std::vector<index_t>{12}));
  ASSERT_FALSE(e.replay(*driver, {24}, 7));
  ASSERT_FALSE(e.reached(*driver, engine_point::prefill));

  ASSERT_FALSE(by_hand.replay(*nothing, {24}, 7));
  test_cache& cache = by_hand.cache(0);
  const auto q = view(std::as_const(by_hand.q).data(), 24, 4, 8).slice(0, 20, 4);
  const auto lse = view(std::as_const(by_hand.lse).data(), 24, 4).slice(0, 20, 4);
  score_table scores(2, 80);
  kept_lists kept(2, 80);
  std::vector<index_t> budgets(2);
  ASSERT_FALSE((policy_scorer(policy, lse).score(by_hand.pool, q, cache.source(), scores)));
  ASSERT_FALSE(policy.allocate(scores, 12, budgets));
  ASSERT_FALSE(policy.keep(scores, budgets, kept));
  ASSERT_FALSE(compact(cache, 0, kept, scores));
  for (index_t h = 0; h < 2; ++h) {
    EXPECT_EQ(held_positions(cache, h), held_positions(e.cache(0), h));
    ASSERT_EQ(scores.slots(h), 12);
    for (index_t i = 0; i < 12; ++i) EXPECT_EQ(scores.view()(h, i), driver->scores(0)(h, i));
  }
}

TEST(evict_policy_scorer, refuses_what_does_not_fit) {
  small_engine e(flat, 0);
  const auto nothing = driver_of(keep_all{}, e.driven(24));
  ASSERT_FALSE(e.replay(*nothing, {24}, 7));
  const auto q = view(std::as_const(e.q).data(), 24, 4, 8);
  const auto lse = view(std::as_const(e.lse).data(), 24, 4);
  const policy_scorer scorer(policy, lse);
  score_table one(1, 80), small(2, 23);
  EXPECT_EQ(refusal(scorer.score(e.pool, q, e.cache(0).source(), one)),
            (refusal{errc::bad_extent, "scores: kv_heads is 1, but kv has 2"}));
  const std::vector<float> rows(2 * 24 * 2 * 8);
  const auto batch = view(rows.data(), 2, 24, 2, 8);
  EXPECT_EQ(refusal(scorer.score(e.pool, q, contiguous_heads(batch, batch, {}), one)),
            (refusal{errc::bad_extent, "kv: sequences is 2, to score, it must be 1"}));
  EXPECT_EQ(refusal(scorer.score(e.pool, q, e.cache(0).source(), small)),
            (refusal{errc::limit_exceeded, "scores: max_slots is 23, but kv holds 24"}));
  score_table scores(2, 80);
  EXPECT_EQ(refusal(policy_scorer(policy, view(e.lse.data(), 24, 3)).score(e.pool, q, e.cache(0).source(), scores)),
            (refusal{errc::heads_not_divisible, "lse: q_heads is 3, which is no multiple of kv_heads 2"}));
  EXPECT_EQ(refusal(policy_scorer(policy, lse.slice(0, 0, 4)).score(e.pool, q, e.cache(0).source(), scores)).code,
            errc::bad_extent)
      << "fewer rows than queries";
  const snap_kv wide{4, {pooling::kind::average, 65}, {}};
  EXPECT_EQ(refusal(policy_scorer(wide, lse).score(e.pool, q, e.cache(0).source(), scores)),
            refusal(wide.check(4, 2, 100)));
  EXPECT_TRUE(wide.check(4, 2, 100)) << "a width that pooling has no room for";
  EXPECT_EQ(scores.slots(0), 0) << "a refused call changes nothing";
}
} // namespace
} // namespace heed::test
