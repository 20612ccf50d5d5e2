// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// A window policy is its method's settings and name; SnapKV's and PyramidKV's own tests hold the rest.
#include <heed/evict/snap_kv.hpp>

#include <gtest/gtest.h>

#include <support/refusal.hpp>

namespace heed::test {
namespace {

struct own_method {
  static constexpr const char* name = "own";
  static constexpr index_t window = 3, beside = 2;
  static constexpr pooling pool = {pooling::kind::maximum, 3};
};
using own = window_policy<own_method>;
static_assert(scoring_policy<own> && protecting_policy<own>);

TEST(evict_window_policy, takes_settings_and_name_of_its_method) {
  EXPECT_EQ(own{}.observes().which, observed_rows::kind::last);
  EXPECT_EQ(own{}.observes().count, 3);
  EXPECT_EQ((own{.window = 5}.observes().count), 5);
  EXPECT_EQ(own{}.pool.width, 3);
  EXPECT_FALSE(own{}.check(1, 1, 5));
  EXPECT_EQ(refusal(own{}.check(1, 1, 4)),
            (refusal{errc::bad_value, "own: budget is 4, but the window alone holds 3"}));
  EXPECT_EQ(refusal(own{0, {}, {}}.check(1, 1, 4)), (refusal{errc::bad_value, "own: window is 0, the least is 1"}));
}

TEST(evict_window_policy, equals_another_method_of_the_same_settings) {
  // Two query heads on one head of six slots; the window is the last two.
  const auto kept_by = [](const auto& policy) {
    std::vector<float> sums{.1f, .9f, .2f, .3f, 0, 0, .8f, .1f, .2f, .3f, 0, 0};
    score_table scores(1, 6);
    EXPECT_FALSE(scores.resize(0, 6));
    policy.rescore(view(sums.data(), 2, 6), 2, scores);
    kept_lists kept(1, 6);
    index_t budget[] = {0};
    EXPECT_FALSE(policy.allocate(scores, 4, budget));
    EXPECT_FALSE(policy.keep(scores, budget, kept));
    return std::vector<index_t>(kept.list(0).begin(), kept.list(0).end());
  };
  const pooling none{pooling::kind::average, 1};
  EXPECT_EQ(kept_by(own{2, none, {}}), (std::vector<index_t>{0, 1, 4, 5}));
  EXPECT_EQ(kept_by(snap_kv{2, none, {}}), kept_by(own{2, none, {}}));
}

} // namespace
} // namespace heed::test
