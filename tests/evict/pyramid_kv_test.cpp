// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// PyramidKV: the scores are those of SnapKV; budgets that differ between layers come from outside.
#include <heed/evict/pyramid_kv.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

TEST(evict_pyramid_kv, keeps_what_the_reference_keeps) {
  run_traces("pyramid_kv", 500000, [](random& draw) {
    const layer_heads heads = drawn_heads(draw);
    const index_t window = draw.integer(1, 4), width = 2 * draw.integer(0, 3) + 1;
    const index_t budget = window + draw.integer(0, 10);
    const bool average = draw.chance(2);
    const pooling pool{average ? pooling::kind::average : pooling::kind::maximum, width};
    const slow_window slow{{}, heads, window, width, average, false, budget};
    return trace<pyramid_kv, slow_window>(draw, {window, pool, {}}, heads, budget, slow).run(10);
  });
}

TEST(evict_pyramid_kv, has_the_defaults_of_its_source) {
  EXPECT_EQ(pyramid_kv{}.window, 8);
  EXPECT_EQ(pyramid_kv{}.pool.how, pooling::kind::maximum);
  EXPECT_EQ(pyramid_kv{}.pool.width, 7);
  EXPECT_EQ(pyramid_kv{}.reduce.by, reduce_by::mean);
  EXPECT_EQ(pyramid_kv{}.reduce.over, reduce_over::group);
  EXPECT_EQ(pyramid_kv{}.observes().count, 8);
}

TEST(evict_pyramid_kv, refuses_budgets_below_the_window_but_not_the_tip_of_a_small_pyramid) {
  EXPECT_FALSE(pyramid_kv{}.check(1, 1, 8));
  EXPECT_EQ(refusal(pyramid_kv{}.check(1, 1, 7)),
            (refusal{errc::bad_value, "pyramid_kv: budget is 7, but the window alone holds 8"}));
  EXPECT_EQ(refusal((pyramid_kv{0, {}, {}}.check(1, 1, 4))),
            (refusal{errc::bad_value, "pyramid_kv: window is 0, the least is 1"}));
  EXPECT_EQ(refusal((pyramid_kv{2, {pooling::kind::average, 2}, {}}.check(1, 1, 4))),
            (refusal{errc::bad_value, "pyramid_kv: pooling width is 2, which is even; the rest is 0"}));
}
} // namespace
} // namespace heed::test
