// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// parallel_for_executor over loops of std::thread: with and without worker numbers, and with too many threads.
#include <heed/exec/parallel_for.hpp>

#include "executor_checks.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using heed::index_t;

/// A loop on `threads` threads; Numbered says whether it knows its workers.
template <bool Numbered> struct std_loop {
  index_t threads;
  template <class Body> void operator()(index_t n, Body body) const {
    std::atomic<index_t> next{0};
    const auto work = [&](index_t worker) {
      for (index_t i = next++; i < n; i = next++) {
        if constexpr (Numbered)
          body(i, worker);
        else
          body(i);
      }
    };
    std::vector<std::thread> others;
    for (index_t w = 1; w < threads; ++w) others.emplace_back(work, w);
    work(0);
    for (std::thread& t : others) t.join();
  }
};

TEST(exec_parallel_for, keeps_the_law_with_the_loops_worker_numbers) {
  heed::parallel_for_executor run{3, std_loop<true>{3}};
  static_assert(heed::executor<decltype(run)>);
  EXPECT_EQ(run.workers(), 3);
  for (const index_t n : {0, 1, 2, 3, 4, 100}) EXPECT_TRUE(heed::test::keeps_the_law(run, n, 2)) << n;
}

TEST(exec_parallel_for, hands_out_worker_numbers) {
  for (const index_t workers : {1, 2, 63, 64, 65}) {
    heed::parallel_for_executor run{workers, std_loop<false>{workers < 8 ? workers : 8}};
    for (const index_t n : {0, 1, 7, 200}) EXPECT_TRUE(heed::test::keeps_the_law(run, n, 2)) << workers << ' ' << n;
  }
}

TEST(exec_parallel_for, a_loop_with_more_threads_than_workers_waits) {
  heed::parallel_for_executor run{2, std_loop<false>{5}};
  EXPECT_TRUE(heed::test::keeps_the_law(run, 100, 3));
}

TEST(exec_parallel_for, many_workers_get_distinct_numbers) {
  heed::detail::worker_numbers numbers(130);
  std::vector<int> seen(130);
  for (int i = 0; i < 130; ++i) ++seen[static_cast<std::size_t>(numbers.take())];
  for (const int times : seen) EXPECT_EQ(times, 1);
  numbers.give_back(77);
  EXPECT_EQ(numbers.take(), 77);
}

TEST(exec_parallel_for, refuses_a_bad_worker_count) {
  for (const index_t workers : {index_t{-1}, index_t{0}, index_t{1025}}) {
    try {
      heed::parallel_for_executor run{workers, std_loop<true>{1}};
      ADD_FAILURE() << workers;
    } catch (const heed::error& e) {
      EXPECT_EQ(e.code(), heed::errc::bad_value);
      EXPECT_EQ(std::string(e.what()),
                "parallel_for_executor: workers is " + std::to_string(workers) + ", must be from 1 to 1024");
    }
  }
}

} // namespace
