// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What a policy costs after a prompt: the counter of_prefill is its time over that of the prompt's attention, both
// measured in turns.
#include "evict_case.hpp"
#include "measure.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>

namespace heed::bench {
namespace {

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

void run_case(benchmark::State& state, const evict_case& c) {
  bench_machine& m = bench_machine::instance();
  const auto layer = c.make(c.size, m.pool);
  std::vector<double> attention, eviction;
  for (int round = 0; round < 6; ++round) { // the first one warms up
    layer->refill();
    const double start = seconds_now();
    layer->attend();
    const double middle = seconds_now();
    if (!layer->evict()) return state.SkipWithError("the eviction was refused");
    const double end = seconds_now();
    if (round == 0) continue;
    attention.push_back(middle - start);
    eviction.push_back(end - middle);
  }
  for (auto _ : state) state.SetIterationTime(median(eviction));
  state.counters["prefill_ms"] = 1e3 * median(attention);
  state.counters["of_prefill"] = median(eviction) / median(attention);
}

} // namespace

void register_evictions();
void register_evictions() {
  for (const evict_case& c : evict_cases())
    benchmark::RegisterBenchmark(c.name.c_str(), [c](benchmark::State& state) { run_case(state, c); })
        ->UseManualTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
}

} // namespace heed::bench
