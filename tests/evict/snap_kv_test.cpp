// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// SnapKV: window scores per key-value head.
#include <heed/evict/snap_kv.hpp>

#include <evict/traces.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

TEST(evict_snap_kv, keeps_what_the_reference_keeps) {
  run_traces("snap_kv", 400000, [](random& draw) {
    const layer_heads heads = drawn_heads(draw);
    const index_t window = draw.integer(1, 4), width = 2 * draw.integer(0, 3) + 1;
    const index_t budget = window + draw.integer(1, 10);
    const bool average = draw.chance(2);
    const pooling pool{average ? pooling::kind::average : pooling::kind::maximum, width};
    const slow_window slow{{}, heads, window, width, average, false, budget};
    return trace<snap_kv, slow_window>(draw, {window, pool, {}}, heads, budget, slow).run(10);
  });
}

TEST(evict_snap_kv, has_the_defaults_of_its_source) {
  EXPECT_EQ(snap_kv{}.window, 32);
  EXPECT_EQ(snap_kv{}.pool.how, pooling::kind::average);
  EXPECT_EQ(snap_kv{}.pool.width, 5);
  EXPECT_EQ(snap_kv{}.reduce.by, reduce_by::mean);
  EXPECT_EQ(snap_kv{}.reduce.over, reduce_over::group);
  EXPECT_EQ(snap_kv{}.observes().count, 32);
}

TEST(evict_snap_kv, refuses_budgets_that_the_window_fills) {
  EXPECT_EQ(refusal(snap_kv{}.check(1, 1, 32)),
            (refusal{errc::bad_value, "snap_kv: budget is 32, but the window alone holds 32"}));
  EXPECT_EQ(refusal((snap_kv{0, {}, {}}.check(1, 1, 4))),
            (refusal{errc::bad_value, "snap_kv: window is 0, the least is 1"}));
  EXPECT_EQ(refusal((snap_kv{2, {pooling::kind::average, 2}, {}}.check(1, 1, 4))),
            (refusal{errc::bad_value, "snap_kv: pooling width is 2, which is even; the rest is 0"}));
}
} // namespace
} // namespace heed::test
