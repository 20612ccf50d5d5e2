// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// An executor made of the caller's own parallel loop (OpenMP, TBB, an engine's thread pool).
#include <heed/error.hpp>

#include <atomic>
#include <utility>

#include <sched.h>

namespace heed {
namespace detail {

/// Gives each running call a worker number of its own where the caller's loop has none.
struct worker_numbers {
  static constexpr index_t most = 1024;
  std::atomic<std::uint64_t> taken[most / 64];
  index_t workers;

  HEED_INLINE explicit worker_numbers(index_t n) noexcept : taken{}, workers(n) {}
  /// Waits while all are in use: the loop runs more calls at a time than it said.
  HEED_INLINE index_t take() noexcept {
    for (;; sched_yield())
      for (index_t w = 0; w < (workers + 63) / 64; ++w) {
        const index_t left = workers - 64 * w;
        const std::uint64_t usable = left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
        std::uint64_t now = taken[w].load(std::memory_order_relaxed);
        while ((usable & ~now) != 0) {
          const std::uint64_t least = usable & ~now & (~(usable & ~now) + 1);
          if (taken[w].compare_exchange_weak(now, now | least, std::memory_order_acquire, std::memory_order_relaxed))
            return 64 * w + __builtin_ctzll(least);
        }
      }
  }
  HEED_INLINE void give_back(index_t worker) noexcept {
    taken[worker / 64].fetch_and(~(std::uint64_t{1} << (worker % 64)), std::memory_order_release);
  }
};

} // namespace detail

/// What the caller's loop runs: body(i, worker), or body(i) where the loop doesn't know its workers. Copy it freely; it
/// is valid until the loop returns.
class loop_body {
public:
  HEED_INLINE loop_body(void (*task)(void*, index_t, index_t), void* context, detail::worker_numbers* numbers) noexcept
      : task_(task), context_(context), numbers_(numbers) {}
  HEED_INLINE void operator()(index_t i, index_t worker) const { task_(context_, i, worker); }
  HEED_INLINE void operator()(index_t i) const {
    const index_t worker = numbers_->take();
    task_(context_, i, worker);
    numbers_->give_back(worker);
  }

private:
  void (*task_)(void*, index_t, index_t);
  void* context_;
  detail::worker_numbers* numbers_;
};

/// Runs the tasks by `loop(n, body)`, which calls body(i, worker) or body(i) once for each i in [0, n), from any
/// threads, and returns after the last. It does so by one form or the other, not both in one loop.
///
///     heed::parallel_for_executor omp{omp_get_max_threads(), [](heed::index_t n, auto body) {
///     #pragma omp parallel for schedule(dynamic, 1)
///       for (heed::index_t i = 0; i < n; ++i) body(i, omp_get_thread_num());
///     }};
///
/// Requires  workers in [1, 1024], else errc::bad_value; worker in [0, workers), one call at a time per worker. Hand
/// out
///           i in ascending order one by one: the longest tasks come first
/// Laws      executor, if the loop keeps its word
/// Cost      body(i): two atomic operations per task; 128 bytes of stack per bulk
template <class Loop> class parallel_for_executor {
public:
  HEED_INLINE parallel_for_executor(index_t workers, Loop loop) : loop_(std::move(loop)) {
    if (workers < 1 || workers > detail::worker_numbers::most)
      detail::report({errc::bad_value, "parallel_for_executor", "workers", workers, "must be from 1 to",
                      detail::worker_numbers::most});
    else
      workers_ = workers;
  }
  [[nodiscard]] HEED_INLINE index_t workers() const noexcept { return workers_; }
  HEED_INLINE void bulk(index_t n, void (*task)(void* context, index_t i, index_t worker), void* context) {
    if (n <= 0) return;
    detail::worker_numbers numbers(workers_);
    loop_(n, loop_body(task, context, &numbers));
  }

private:
  Loop loop_;
  index_t workers_ = 0; ///< of a refused one: no call takes it, for its loop would use more
};

} // namespace heed
