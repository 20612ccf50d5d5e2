// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// thread_pool: the law of executors, several callers, nested calls, start and stop, and what a call costs.
#include <heed/exec/thread_pool.hpp>

#include "executor_checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace {

using heed::index_t;
using heed::thread_pool;

TEST(exec_thread_pool, keeps_the_law) {
  for (const index_t workers : {1, 2, 3, 8}) {
    thread_pool pool{workers};
    ASSERT_EQ(pool.workers(), workers);
    for (const index_t n : {index_t{0}, index_t{1}, workers - 1, workers, workers + 1, 2 * workers + 3, index_t{1000}})
      for (const index_t yields : {0, 3})
        EXPECT_TRUE(heed::test::keeps_the_law(pool, n, yields)) << workers << ' ' << n;
  }
}

TEST(exec_thread_pool, many_short_calls) {
  thread_pool pool{4};
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(heed::test::keeps_the_law(pool, i % 7)) << i;
}

TEST(exec_thread_pool, threads_take_part) {
  thread_pool pool{3};
  // Every task waits until all three run at the same time: this ends only with three workers.
  struct meeting {
    std::atomic<int> here{0};
  } all;
  pool.bulk(
      3,
      [](void* context, index_t, index_t) {
        auto& m = *static_cast<meeting*>(context);
        ++m.here;
        while (m.here.load() < 3) std::this_thread::yield();
      },
      &all);
  EXPECT_EQ(all.here.load(), 3);
}

TEST(exec_thread_pool, tasks_start_in_ascending_order) {
  thread_pool pool{4};
  // Each worker's own tasks ascend, and no task starts before all that were handed out earlier were handed out.
  struct log {
    std::vector<index_t> last = std::vector<index_t>(4, -1);
    std::atomic<int> bad{0};
  } seen;
  pool.bulk(
      5000,
      [](void* context, index_t i, index_t worker) {
        auto& l = *static_cast<log*>(context);
        index_t& last = l.last[static_cast<std::size_t>(worker)];
        if (i <= last) ++l.bad;
        last = i;
      },
      &seen);
  EXPECT_EQ(seen.bad.load(), 0);
}

TEST(exec_thread_pool, several_callers_at_once) {
  thread_pool pool{3};
  std::atomic<int> bad{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c)
    callers.emplace_back([&, c] {
      for (int i = 0; i < 300; ++i)
        if (!heed::test::keeps_the_law(pool, 1 + (i + c) % 9, i % 3)) ++bad;
    });
  for (std::thread& t : callers) t.join();
  EXPECT_EQ(bad.load(), 0);
}

struct nest {
  thread_pool *a, *b;
  int depth;
  std::atomic<int>* leaves;
  static void task(void* context, index_t, index_t) {
    const nest& here = *static_cast<const nest*>(context);
    if (here.depth == 0) {
      ++*here.leaves;
      return;
    }
    nest inner{here.b, here.a, here.depth - 1, here.leaves};
    here.a->bulk(3, &nest::task, &inner);
  }
};

TEST(exec_thread_pool, tasks_may_call_the_same_or_another_pool) {
  thread_pool one{3}, two{2};
  std::atomic<int> leaves{0};
  nest same{&one, &one, 4, &leaves};
  one.bulk(3, &nest::task, &same);
  EXPECT_EQ(leaves.load(), 243);
  leaves = 0;
  std::thread other([&] {
    nest crossed{&one, &two, 3, &leaves};
    for (int i = 0; i < 50; ++i) two.bulk(3, &nest::task, &crossed);
  });
  nest crossed{&two, &one, 3, &leaves};
  for (int i = 0; i < 50; ++i) one.bulk(3, &nest::task, &crossed);
  other.join();
  EXPECT_EQ(leaves.load(), 2 * 50 * 81);
}

TEST(exec_thread_pool, starts_and_stops_without_a_call) {
  for (int i = 0; i < 50; ++i) {
    thread_pool pool{4};
    if (i % 2 != 0) {
      EXPECT_TRUE(heed::test::keeps_the_law(pool, 5));
    }
  }
}

TEST(exec_thread_pool, refuses_a_bad_worker_count) {
  for (const index_t workers : {-1, 0, 4097}) {
    try {
      thread_pool pool{workers};
      ADD_FAILURE() << workers;
    } catch (const heed::error& e) {
      EXPECT_EQ(e.code(), heed::errc::bad_value);
      EXPECT_NE(std::string_view(e.what()).find("thread_pool: workers is"), std::string_view::npos) << e.what();
    }
  }
}

double seconds_of_cpu() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

TEST(exec_thread_pool, idle_threads_use_no_time) {
  thread_pool pool{8};
  EXPECT_TRUE(heed::test::keeps_the_law(pool, 100));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double before = seconds_of_cpu();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  // Seven spinning threads would use 0.2 s of each core.
  EXPECT_LT(seconds_of_cpu() - before, 0.02);
}

TEST(exec_thread_pool, a_call_costs_microseconds) {
  thread_pool pool{2};
  // Two tasks that wait for each other: the call lasts until the other thread has woken up and finished.
  const auto meet = [](void* context, index_t, index_t) {
    auto& here = *static_cast<std::atomic<int>*>(context);
    ++here;
    while (here.load() < 2) std::this_thread::yield();
  };
  for (const bool idle : {false, true}) {
    std::vector<double> us;
    for (int i = 0; i < (idle ? 500 : 5000); ++i) {
      if (idle) std::this_thread::sleep_for(std::chrono::microseconds(100));
      std::atomic<int> here{0};
      const auto start = std::chrono::steady_clock::now();
      pool.bulk(2, meet, &here);
      us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(us.begin(), us.end());
    std::printf("thread_pool: two tasks on two workers, %s: median %.2f us, 90 %% %.2f us\n",
                idle ? "threads asleep" : "back to back", us[us.size() / 2], us[us.size() * 9 / 10]);
    EXPECT_LT(us[us.size() / 2], 1000.);
  }
}

} // namespace
