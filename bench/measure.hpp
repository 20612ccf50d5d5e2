// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Times a case between slices of the calibration, and registers it with Google Benchmark.
#include "bench_case.hpp"
#include "calibrate.hpp"

namespace heed::bench {

/// The process's threads, its calibrations, and the plain call that roles are compared with; made at first use.
class bench_machine {
public:
  static bench_machine& instance();

  thread_pool pool;
  arithmetic_peak peak;
  read_bandwidth bandwidth;
  prepared_call& plain();

private:
  bench_machine();
  std::unique_ptr<prepared_call> plain_;
};

/// One row: seconds per call, the median of `repetitions` in which the process had its CPUs for 97 % of its best
/// repetition; others are dropped and made up for, most_repetitions in all or most_seconds long. Shares are against the
/// median of the calibration slices before, between and after them: a second or two, in which the machine rarely
/// changes.
struct measurement {
  double seconds = 0, calibrated = 0, share = 0;
  double least_share = 0, most_share = 0;
  double busy = 0; ///< CPU seconds of the process over wall seconds x workers: below 1, others or waiting took the rest
  double of_plain = 0; ///< flop/s relative to the plain call that ran between the same slices; 0: not compared; f64:
                       ///< half the plain rate is 1
  int dropped = 0;     ///< repetitions
  int way = 0;         ///< of read_bandwidth, where bandwidth is the limit
};

enum class compared : unsigned char { alone, with_plain };

inline constexpr std::size_t repetitions = 9, most_repetitions = 27;
inline constexpr double most_seconds = 2;

/// Rows of a list, in its order.
void register_cases(const std::vector<bench_case>& cases, compared c);

} // namespace heed::bench
