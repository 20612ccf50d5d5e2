// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "measure.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include <thread>

namespace heed::bench {
namespace {

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

double cpu_seconds() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double time_calls(prepared_call& call, int calls) {
  const double start = seconds_now();
  for (int i = 0; i < calls; ++i) call.run();
  return (seconds_now() - start) / calls;
}

/// Repetitions of one call, and for which part of them the process had its CPUs.
class timed_calls {
public:
  void add(prepared_call& call, int calls, index_t workers) {
    const double cpu = cpu_seconds(), start = seconds_now();
    seconds_.push_back(time_calls(call, calls));
    busy_.push_back((cpu_seconds() - cpu) / (seconds_now() - start) / static_cast<double>(workers));
  }
  [[nodiscard]] std::size_t size() const { return seconds_.size(); }
  [[nodiscard]] double busy() const { return median(busy_); }
  [[nodiscard]] std::vector<double> undisturbed() const {
    std::vector<double> kept;
    for (std::size_t r = 0; r < busy_.size(); ++r)
      if (busy_[r] >= 0.97 * *std::max_element(busy_.begin(), busy_.end())) kept.push_back(seconds_[r]);
    return kept;
  }

private:
  std::vector<double> seconds_, busy_;
};

/// Calibration slices between the repetitions.
class slices {
public:
  slices(bench_machine& m, limit measured_by) : machine_(m), measured_by_(measured_by) {}
  void take() {
    if (measured_by_ == limit::arithmetic) {
      rates_[0].push_back(machine_.peak.slice());
      return;
    }
    double rates[read_bandwidth::way_count];
    machine_.bandwidth.slice(rates);
    for (int w = 0; w < read_bandwidth::way_count; ++w) rates_[w].push_back(rates[w]);
  }
  /// The way whose median is highest.
  [[nodiscard]] int best_way() const {
    int best = 0;
    for (int w = 1; w < read_bandwidth::way_count && !rates_[w].empty(); ++w)
      if (median(rates_[w]) > median(rates_[best])) best = w;
    return best;
  }
  [[nodiscard]] const std::vector<double>& of_way(int way) const { return rates_[way]; }

private:
  bench_machine& machine_;
  limit measured_by_;
  std::vector<double> rates_[read_bandwidth::way_count];
};

measurement measure(bench_machine& m, const bench_case& c, prepared_call& call, double flops, compared how,
                    double plain_flops) {
  // Three calls to warm up, which also say how many calls fill 20 ms.
  call.run();
  const double about = std::min(time_calls(call, 1), time_calls(call, 1));
  const int calls = std::max(1, static_cast<int>(std::ceil(0.02 / about)));
  const double work = c.measured_by == limit::bandwidth ? call.bytes() : flops;

  slices calibration(m, c.measured_by);
  timed_calls own, plain;
  calibration.take();
  const double start = seconds_now();
  while (own.undisturbed().size() < repetitions && own.size() < most_repetitions &&
         (own.size() < repetitions || seconds_now() - start < most_seconds)) {
    own.add(call, calls, m.pool.workers());
    if (how == compared::with_plain) plain.add(m.plain(), 1, m.pool.workers());
    calibration.take();
  }

  measurement result;
  result.way = calibration.best_way();
  // A vector holds half as many doubles as floats.
  const double narrower = c.measured_by == limit::arithmetic && call.output_type() == storage::f64 ? 0.5 : 1.;
  result.calibrated = narrower * median(calibration.of_way(result.way));
  const std::vector<double> kept = own.undisturbed();
  result.seconds = median(kept);
  result.share = work / result.seconds / result.calibrated;
  result.least_share = work / *std::max_element(kept.begin(), kept.end()) / result.calibrated;
  result.most_share = work / *std::min_element(kept.begin(), kept.end()) / result.calibrated;
  result.busy = own.busy();
  result.dropped = static_cast<int>(own.size() - kept.size());
  if (how == compared::with_plain)
    result.of_plain = flops / result.seconds / (narrower * plain_flops / median(plain.undisturbed()));
  return result;
}

void run_case(benchmark::State& state, const bench_case& c, compared how) {
  bench_machine& m = bench_machine::instance();
  const auto call = c.make(c.size, m.pool);
  const double pairs = call->visible_pairs(), flops = pairs * c.flops_per_pair();
  const bench_case plain = plain_case();
  const double plain_pairs = static_cast<double>(plain.size.rows * plain.size.keys * plain.size.q_heads);
  const measurement r = measure(m, c, *call, flops, how, plain_pairs * plain.flops_per_pair());

  for (auto _ : state) state.SetIterationTime(r.seconds);
  state.counters["flop/s"] = flops / r.seconds;
  state.counters["pair/s"] = pairs / r.seconds;
  if (c.measured_by == limit::bandwidth) {
    state.counters["byte/s"] = call->bytes() / r.seconds;
    state.counters["calibrated_byte/s"] = r.calibrated;
    state.counters["of_bandwidth"] = r.share;
    state.SetLabel(read_bandwidth::name(r.way));
  } else {
    state.counters["calibrated_flop/s"] = r.calibrated;
    state.counters["of_peak"] = r.share;
  }
  state.counters["share_min"] = r.least_share;
  state.counters["share_max"] = r.most_share;
  state.counters["busy"] = r.busy;
  state.counters["dropped"] = r.dropped;
  if (how == compared::with_plain) state.counters["of_plain"] = r.of_plain;
}

} // namespace

bench_machine::bench_machine()
    : pool(static_cast<index_t>(std::max(1u, std::thread::hardware_concurrency()))), peak(pool), bandwidth(pool) {}

bench_machine& bench_machine::instance() {
  static bench_machine machine;
  return machine;
}

prepared_call& bench_machine::plain() {
  if (plain_ == nullptr) {
    const bench_case c = plain_case();
    plain_ = c.make(c.size, pool);
    plain_->run();
  }
  return *plain_;
}

void register_cases(const std::vector<bench_case>& cases, compared how) {
  for (const bench_case& c : cases)
    benchmark::RegisterBenchmark(c.name.c_str(), [c, how](benchmark::State& state) { run_case(state, c, how); })
        ->UseManualTime()
        ->Iterations(1) // run_case repeats by itself, with calibration between
        ->Unit(benchmark::kMillisecond);
}

} // namespace heed::bench
