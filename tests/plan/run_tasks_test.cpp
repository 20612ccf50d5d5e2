// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Split and unsplit tiles give the same bits, whoever runs the tasks and in whatever order.
#include <heed/plan/run_tasks.hpp>

#include <attention/sample.hpp>

#include <heed/exec/thread_pool.hpp>
#include <heed/mask/causal.hpp>

namespace {
using namespace heed;
using namespace heed::test;

/// Claims to have many workers, and runs tasks backwards or shuffled on one thread, as different workers.
struct one_thread {
  index_t count;
  bool backwards;
  std::uint64_t seed = 0;
  index_t workers() const noexcept { return count; }
  void bulk(index_t n, void (*task)(void*, index_t, index_t), void* context) {
    std::vector<index_t> order;
    for (index_t i = 0; i < n; ++i) order.push_back(backwards ? n - 1 - i : i);
    test::random gen(seed);
    if (seed != 0) gen.shuffle(order);
    for (const index_t i : order) task(context, i, i % count);
    tasks += n;
  }
  index_t tasks = 0;
};
static_assert(executor<one_thread>);

TEST(plan_run_tasks, any_workers_and_order_give_the_same_bits) {
  for (const auto& [rows, keys] : {std::pair<index_t, index_t>{1, 9000}, {2, 3000}, {700, 3000}}) {
    const sample<> s(1, {rows, 1, 0}, {keys, 40, 7}, 2, 2, 32, 16);
    const auto want = s.run(causal{});
    expect_within(s, want, s.exact(causal{}));
    index_t most = 0;
    for (const index_t workers : {2, 3, 8})
      for (const std::uint64_t seed : {0, 1, 2}) {
        one_thread e{workers, seed == 2, seed};
        EXPECT_TRUE(s.run_on(e, s.kv(), causal{}) == want) << rows << " rows, " << workers << " workers";
        most = std::max(most, e.tasks);
      }
    EXPECT_GE(most, 7) << "they were split: 2 rows over 3000 keys have 6 chunks";
    thread_pool pool(3);
    EXPECT_TRUE(s.run_on(pool, s.kv(), causal{}) == want);
  }
}

TEST(plan_run_tasks, the_last_chunk_of_a_tile_is_told_so) {
  plan_detail::tile_record r{};
  r.chunks = 5;
  EXPECT_FALSE(plan_detail::last_of(r, 2));
  EXPECT_FALSE(plan_detail::last_of(r, 1));
  EXPECT_TRUE(plan_detail::last_of(r, 2));
}
} // namespace
