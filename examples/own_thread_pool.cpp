// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Tasks run by the caller's own threads: any parallel loop, or an executor of one's own. Same bits either way.
#include <heed/heed.hpp>

#include "plain_loop.hpp"

#include <atomic>
#include <cstring>
#include <thread>

// [readme]
/// An executor of one's own: two functions.
struct thread_per_call {
  heed::index_t count;
  heed::index_t workers() const noexcept { return count; }
  void bulk(heed::index_t n, void (*task)(void* context, heed::index_t i, heed::index_t worker), void* context) const {
    std::atomic<heed::index_t> next{0};
    std::vector<std::thread> threads;
    for (heed::index_t worker = 0; worker < count; ++worker)
      threads.emplace_back([&, worker] {
        for (heed::index_t i = next++; i < n; i = next++) task(context, i, worker);
      });
    for (std::thread& t : threads) t.join();
  }
};
static_assert(heed::executor<thread_per_call>);
// [readme]

int main() {
  const heed::index_t tokens = 130, heads = 4, dim = 64;
  const auto q_data = plain::numbers(tokens * heads * dim, 1), k_data = plain::numbers(tokens * heads * dim, 2),
             v_data = plain::numbers(tokens * heads * dim, 3);
  std::vector<float> o_data(q_data.size()), o_loop(q_data.size());
  const auto q = heed::view(q_data.data(), tokens, heads, dim);
  const auto o = heed::view(o_data.data(), tokens, heads, dim);
  const auto kv =
      heed::contiguous(heed::view(k_data.data(), tokens, heads, dim), heed::view(v_data.data(), tokens, heads, dim));
  heed::attend(thread_per_call{3}, q, kv, o, heed::causal{});

  // [readme]
  // Or a parallel loop that the program already has: the pool of an engine, TBB, or OpenMP as here.
  heed::parallel_for_executor loop{3, [](heed::index_t n, auto body) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(3)
                                     for (heed::index_t i = 0; i < n; ++i) body(i);
                                   }};
  heed::attend(loop, q, kv, heed::view(o_loop.data(), tokens, heads, dim), heed::causal{});
  // [readme]

  double worst = std::memcmp(o_data.data(), o_loop.data(), o_data.size() * sizeof(float)) == 0 ? 0 : HUGE_VAL;
  for (heed::index_t t = 0; t < tokens; ++t)
    for (heed::index_t h = 0; h < heads; ++h) {
      const auto row = plain::attend(
          q_data.data() + (t * heads + h) * dim, dim, dim, t + 1,
          [&](heed::index_t j) { return k_data.data() + (j * heads + h) * dim; },
          [&](heed::index_t j) { return v_data.data() + (j * heads + h) * dim; });
      worst = plain::furthest(worst, row, o_data.data() + (t * heads + h) * dim);
    }
  return plain::verdict("own_thread_pool", worst);
}
