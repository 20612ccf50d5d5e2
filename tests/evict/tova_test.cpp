// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// TOVA: the newest query's mean over all heads.
#include <heed/evict/tova.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

struct slow : no_memory {
  index_t recent, budget;
  [[nodiscard]] lists keep(const slot_list& slots, const head_rows& sums) const {
    std::vector<float> mean = mean_of(sums, 0, static_cast<index_t>(sums.size()));
    lists out;
    for (const index_t n : slots) {
      mean.resize(at(n));
      out.push_back(best(mean, 0, recent, budget));
    }
    return out;
  }
};

TEST(evict_tova, keeps_what_the_reference_keeps) {
  run_traces("tova", 200000, [](random& draw) {
    const index_t recent = draw.integer(0, 2), budget = draw.integer(std::max<index_t>(1, recent), 12);
    return trace<tova, slow>(draw, {recent}, drawn_heads(draw), budget, {{}, recent, budget}).run(12);
  });
}

TEST(evict_tova, looks_at_the_newest_query_alone_and_protects_nothing) {
  EXPECT_EQ(tova{}.observes().which, observed_rows::kind::last);
  EXPECT_EQ(tova{}.observes().count, 1);
  EXPECT_EQ(tova{}.recent, 0);
  // The newest token is dropped where others have more; ties go to the lower slot.
  const std::vector<float> scores{.3f, .1f, .3f, .1f, .05f};
  slot_list lengths{5}, budget{3};
  kept_lists kept(1, 5);
  ASSERT_FALSE(tova{}.keep(score_view(scores.data(), 1, 5, lengths.data()), budget, kept));
  EXPECT_EQ(slot_list(kept.list(0).begin(), kept.list(0).end()), (slot_list{0, 1, 2}));
  ASSERT_FALSE(tova{1}.keep(score_view(scores.data(), 1, 5, lengths.data()), budget, kept));
  EXPECT_EQ(slot_list(kept.list(0).begin(), kept.list(0).end()), (slot_list{0, 2, 4}));
}

TEST(evict_tova, refuses_budgets_of_nothing) {
  EXPECT_EQ(refusal(tova{}.check(1, 1, 0)), (refusal{errc::bad_value, "tova: budget is 0, the least is 1"}));
  EXPECT_EQ(refusal(tova{3}.check(1, 1, 2)), (refusal{errc::bad_value, "tova: budget is 2, the least is 3"}));
  EXPECT_EQ(refusal(tova{-1}.check(1, 1, 2)), (refusal{errc::bad_value, "tova: recent is -1, the least is 0"}));
}
} // namespace
} // namespace heed::test
