// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The driver: when it evicts, what it forgets, that it allocates nothing, and what it refuses.
#include <evict/driven.hpp>

#include <gtest/gtest.h>

#include <heed/evict/h2o.hpp>
#include <heed/evict/keep_all.hpp>
#include <heed/evict/snap_kv.hpp>
#include <heed/evict/streaming.hpp>
#include <support/refusal.hpp>

namespace heed::test {
namespace {

template <class P> std::vector<P> one(const P& p) { return {p}; }
std::vector<index_t> all(index_t budget) { return {budget}; }

TEST(evict_cache_driver, evicts_at_the_points_of_its_schedule) {
  const engine_shape s{2, 4, 2, 4, 64};
  small_engine e(s, 3);
  cache_driver<streaming> driver(e.driven(8), one(streaming{2, 6}), {.after_chunk = false, .every_steps = 3});
  ASSERT_FALSE(driver.begin(all(8)));
  const auto held = [&] { return e.cache(1).slots(0, 1); };
  ASSERT_FALSE(e.pass(driver, 8));
  ASSERT_FALSE(e.reached(driver, engine_point::chunk));
  ASSERT_FALSE(e.pass(driver, 8));
  ASSERT_FALSE(e.reached(driver, engine_point::chunk));
  EXPECT_EQ(held(), 16) << "not after a chunk";
  ASSERT_FALSE(e.reached(driver, engine_point::prefill));
  EXPECT_EQ(held(), 8);
  EXPECT_EQ(held_positions(e.cache(0), 0), (std::vector<index_t>{0, 1, 10, 11, 12, 13, 14, 15}));
  const index_t expected[] = {9, 10, 8, 9, 10, 8};
  for (const index_t n : expected) {
    ASSERT_FALSE(e.pass(driver, 1));
    ASSERT_FALSE(e.reached(driver, engine_point::step));
    EXPECT_EQ(held(), n);
  }
  ASSERT_FALSE(e.pass(driver, 1));
  ASSERT_FALSE(driver.set_budgets(std::vector<index_t>{4, 5}));
  ASSERT_FALSE(e.reached(driver, engine_point::pressure));
  EXPECT_EQ(e.cache(0).slots(0, 0), 4);
  EXPECT_EQ(held(), 5);
  EXPECT_EQ(e.cache(0).seen(0), 23) << "positions go on";
}
} // namespace
} // namespace heed::test
