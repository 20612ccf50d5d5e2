// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Threads that sleep until there are tasks. The only file that starts a thread.
#include <heed/error.hpp>

#include <atomic>
#include <new>

#include <pthread.h>
#include <time.h>

namespace heed {
namespace detail {

/// One call of bulk. Lives on its caller's stack; its helpers are counted under the pool's lock.
struct pool_job {
  void (*task)(void* context, index_t i, index_t worker);
  void* context;
  index_t n;
  pool_job* following = nullptr;
  bool caller_sleeps = false;
  std::atomic<index_t> helping{0};
  alignas(64) std::atomic<index_t> next{0};
};

struct pool_state;
struct pool_seat {
  pool_state* pool;
  index_t worker;
  pthread_t thread;
};

struct pool_state {
  HEED_INLINE pool_state() noexcept {} // written out, so that no constructor is emitted
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t work = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
  pool_job* jobs = nullptr; // all below: guarded by lock
  index_t sleeping = 0;
  bool stopping = false;
  alignas(64) std::atomic<std::uint32_t> published{0}; // counts jobs; watched without the lock while spinning
  pool_seat* seats = nullptr;
  index_t threads = 0;
};

inline namespace HEED_ISA {

HEED_INLINE void pause_briefly() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Watches `changed` for at most 2 microseconds. Two tasks on two workers take 1.2 us when calls follow each other and
/// 20 us when the thread sleeps (AMD EPYC with AVX-512, virtual machine, 2 cores; tests/exec/thread_pool_test.cpp
/// prints both).
template <class Changed> HEED_INLINE bool spin_until(const Changed& changed) noexcept {
  timespec start{}, now{};
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (;;) {
    for (int i = 0; i < 8; ++i) {
      if (changed()) return true;
      pause_briefly();
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - start.tv_sec) * 1000000000L + (now.tv_nsec - start.tv_nsec) > 2000) return false;
  }
}

/// The lock is held for tens of instructions: waiting about a microsecond is shorter than sleeping.
HEED_INLINE void pool_lock(pool_state& pool) noexcept {
  for (int i = 0; i < 64; ++i) {
    if (pthread_mutex_trylock(&pool.lock) == 0) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pool.lock);
}

HEED_INLINE void pool_take_tasks(pool_job& job, index_t worker) noexcept {
  for (;;) {
    const index_t i = job.next.fetch_add(1, std::memory_order_relaxed);
    if (i >= job.n) return;
    job.task(job.context, i, worker);
  }
}

/// With the lock held: the oldest job that still has tasks to give away.
HEED_INLINE pool_job* pool_open_job(pool_state& pool) noexcept {
  for (pool_job* job = pool.jobs; job != nullptr; job = job->following)
    if (job->next.load(std::memory_order_relaxed) < job->n) return job;
  return nullptr;
}

/// What a thread of the pool does all its life.
inline void* pool_thread(void* argument) noexcept {
  const pool_seat& seat = *static_cast<pool_seat*>(argument);
  pool_state& pool = *seat.pool;
  pool_lock(pool);
  while (!pool.stopping) {
    if (pool_job* const job = pool_open_job(pool)) {
      job->helping.fetch_add(1, std::memory_order_relaxed);
      pthread_mutex_unlock(&pool.lock);
      pool_take_tasks(*job, seat.worker);
      pool_lock(pool);
      // The job is gone as soon as its caller sees nobody helping, so it is read before.
      const bool wake = job->caller_sleeps;
      if (job->helping.fetch_sub(1, std::memory_order_release) == 1 && wake) pthread_cond_broadcast(&pool.done);
      continue;
    }
    const std::uint32_t seen = pool.published.load(std::memory_order_relaxed);
    pthread_mutex_unlock(&pool.lock);
    const bool found = spin_until([&]() __attribute__((always_inline)) {
      return pool.published.load(std::memory_order_relaxed) != seen;
    });
    pool_lock(pool);
    if (found) continue;
    ++pool.sleeping;
    while (!pool.stopping && pool.published.load(std::memory_order_relaxed) == seen)
      pthread_cond_wait(&pool.work, &pool.lock);
    --pool.sleeping;
  }
  pthread_mutex_unlock(&pool.lock);
  return nullptr;
}

inline void pool_start(pool_state& pool, index_t threads) noexcept {
  pool.seats = new (std::nothrow) pool_seat[static_cast<std::size_t>(threads)];
  if (pool.seats == nullptr) return;
  for (index_t i = 0; i < threads; ++i) {
    pool.seats[i].pool = &pool;
    pool.seats[i].worker = i + 1;
    if (pthread_create(&pool.seats[i].thread, nullptr, pool_thread, &pool.seats[i]) != 0) return;
    pool.threads = i + 1;
  }
}

inline void pool_stop(pool_state& pool) noexcept {
  pool_lock(pool);
  pool.stopping = true;
  pool.published.fetch_add(1, std::memory_order_relaxed);
  pthread_cond_broadcast(&pool.work);
  pthread_mutex_unlock(&pool.lock);
  for (index_t i = 0; i < pool.threads; ++i) pthread_join(pool.seats[i].thread, nullptr);
  delete[] pool.seats;
}

inline void pool_bulk(pool_state& pool, index_t n, void (*task)(void*, index_t, index_t), void* context) noexcept {
  if (n <= 1 || pool.threads == 0) {
    for (index_t i = 0; i < n; ++i) task(context, i, 0);
    return;
  }
  pool_job job{task, context, n};
  pool_lock(pool);
  pool_job** end = &pool.jobs;
  while (*end != nullptr) end = &(*end)->following;
  *end = &job;
  pool.published.fetch_add(1, std::memory_order_relaxed);
  const index_t sleeping = pool.sleeping;
  pthread_mutex_unlock(&pool.lock);
  // After the unlock: a thread that wakes up needs the lock.
  if (sleeping > 1 && sleeping < n)
    pthread_cond_broadcast(&pool.work);
  else
    for (index_t i = 0; i < lesser(sleeping, n - 1); ++i) pthread_cond_signal(&pool.work);

  pool_take_tasks(job, 0);

  pool_lock(pool);
  for (pool_job** link = &pool.jobs;; link = &(*link)->following)
    if (*link == &job) {
      *link = job.following;
      break;
    }
  pthread_mutex_unlock(&pool.lock);
  const auto finished = [&]() __attribute__((always_inline)) {
    return job.helping.load(std::memory_order_acquire) == 0;
  };
  if (spin_until(finished)) return;
  pool_lock(pool);
  job.caller_sleeps = true;
  while (!finished()) pthread_cond_wait(&pool.done, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
}

} // namespace HEED_ISA
} // namespace detail

/// `workers` - 1 threads and the caller. Threads sleep between calls; tasks are handed out one at a time in ascending
/// order, so that a list with the longest first stays balanced.
///
/// Requires  workers in [1, 4096], else errc::bad_value. Tasks throw nothing
/// Laws      executor. Any number of threads may call bulk at the same time, and tasks may call it: each call is worked
///           on by its caller (worker 0 of that call) and by the threads that are idle, so no call waits for another.
///           Workers are numbered per call
/// Effects   if the system refuses a thread, the pool has as many workers as it got
/// Cost      measured by tests/exec/thread_pool_test.cpp; no allocation after construction. Destroy it when no call
/// runs
class thread_pool {
public:
  HEED_INLINE explicit thread_pool(index_t workers) {
    if (workers < 1 || workers > 4096)
      detail::report({errc::bad_value, "thread_pool", "workers", workers, "must be from 1 to", 4096});
    else if (workers > 1)
      detail::pool_start(state_, workers - 1);
  }
  HEED_INLINE ~thread_pool() { detail::pool_stop(state_); }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  [[nodiscard]] HEED_INLINE index_t workers() const noexcept { return state_.threads + 1; }
  HEED_INLINE void bulk(index_t n, void (*task)(void* context, index_t i, index_t worker), void* context) noexcept {
    detail::pool_bulk(state_, n, task, context);
  }

private:
  detail::pool_state state_;
};

static_assert(executor<thread_pool>);

} // namespace heed
