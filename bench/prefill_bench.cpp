// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// heed_bench: rows of all lists, in this order: prefill, decode, roles, evict.
#include "measure.hpp"

#include <benchmark/benchmark.h>

#include <heed/config.hpp>

#include <string>
#include <thread>

namespace heed::bench {
void register_decode();
void register_roles();
void register_evictions();
} // namespace heed::bench

int main(int argc, char** argv) {
  using namespace heed::bench;
  benchmark::AddCustomContext("isa", HEED_STRING(HEED_ISA));
  benchmark::AddCustomContext("compiler", HEED_BENCH_COMPILER);
  benchmark::AddCustomContext("flags", HEED_BENCH_FLAGS);
  benchmark::AddCustomContext("peak", std::string(arithmetic_peak::instruction_set()) + ", independent multiply-adds");
  benchmark::AddCustomContext("threads", std::to_string(std::thread::hardware_concurrency()));
  register_cases(prefill_cases(), compared::alone);
  register_decode();
  register_roles();
  register_evictions();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
