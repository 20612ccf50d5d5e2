// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// What a policy costs after a prompt: the counter of_prefill is its time over that of the prompt's attention, both
// measured in turns. Rows /choose: scores and selection alone; /compact: compaction alone, on one thread, with the
// bytes that it reads and writes and their share of the bandwidth that reading has.
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

/// The time of the part between two points of a round.
enum class part { choose, compact };

void run_part(benchmark::State& state, const evict_case& c, part which) {
  bench_machine& m = bench_machine::instance();
  const auto layer = c.make(c.size, m.pool);
  std::vector<double> seconds, bandwidth;
  for (int round = 0; round < 8; ++round) {
    layer->refill();
    if (round == 0) layer->attend(); // the queries and their sums stay
    const double start = seconds_now();
    if (!layer->choose()) return state.SkipWithError("the eviction was refused");
    const double middle = seconds_now();
    const double bytes = layer->bytes_to_move();
    const double again = seconds_now();
    if (!layer->compact()) return state.SkipWithError("the compaction was refused");
    const double end = seconds_now();
    if (round == 0) continue;
    seconds.push_back(which == part::choose ? middle - start : end - again);
    if (which == part::choose) continue;
    double rates[read_bandwidth::way_count];
    m.bandwidth.slice(rates);
    bandwidth.push_back(*std::max_element(rates, rates + read_bandwidth::way_count));
    state.counters["bytes/s"] = bytes / median(seconds);
    state.counters["of_bandwidth"] = bytes / median(seconds) / median(bandwidth);
  }
  for (auto _ : state) state.SetIterationTime(median(seconds));
}

void register_row(const std::string& name, const std::function<void(benchmark::State&)>& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
}

} // namespace

void register_evictions();
void register_evictions() {
  for (const evict_case& c : evict_cases()) {
    register_row(c.name, [c](benchmark::State& state) { run_case(state, c); });
    register_row(c.name + "/choose", [c](benchmark::State& state) { run_part(state, c, part::choose); });
    if (c.name.ends_with("/snap_kv"))
      register_row(c.name + "/compact", [c](benchmark::State& state) { run_part(state, c, part::compact); });
  }
}

} // namespace heed::bench
