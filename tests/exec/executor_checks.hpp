// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// The law of executors as a check: each task once, workers in range and never two at a time, memory visible.
#include <heed/concepts.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace heed::test {

struct tally {
  index_t workers;
  std::vector<int> times;                   // plain: each task writes its own, the caller reads after bulk
  std::unique_ptr<std::atomic<int>[]> busy; // per worker
  std::vector<index_t> by_worker;           // plain: guarded by "one call at a time per worker"
  std::atomic<int> bad{0};
  index_t yields = 0;

  tally(index_t n, index_t w)
      : workers(w), times(static_cast<std::size_t>(n)), busy(new std::atomic<int>[static_cast<std::size_t>(w)]()),
        by_worker(static_cast<std::size_t>(w)) {}

  static void task(void* context, index_t i, index_t worker) {
    auto& t = *static_cast<tally*>(context);
    if (i < 0 || i >= static_cast<index_t>(t.times.size()) || worker < 0 || worker >= t.workers) {
      ++t.bad;
      return;
    }
    // relaxed: the executor itself, not this flag, has to order two calls of one worker
    if (t.busy[static_cast<std::size_t>(worker)].exchange(1, std::memory_order_relaxed) != 0) ++t.bad;
    ++t.times[static_cast<std::size_t>(i)];
    ++t.by_worker[static_cast<std::size_t>(worker)];
    for (index_t y = 0; y < t.yields; ++y) std::this_thread::yield();
    t.busy[static_cast<std::size_t>(worker)].store(0, std::memory_order_relaxed);
  }
};

/// True if one bulk of n tasks keeps the law.
template <executor E> bool keeps_the_law(E& e, index_t n, index_t yields = 0) {
  tally t(n, e.workers());
  t.yields = yields;
  e.bulk(n, &tally::task, &t);
  for (const int times : t.times)
    if (times != 1) return false;
  index_t total = 0;
  for (const index_t count : t.by_worker) total += count;
  return t.bad == 0 && total == n;
}

} // namespace heed::test
