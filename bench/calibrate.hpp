// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// What the machine can do, measured in the same process with the same threads: multiply-adds and bytes read per second.
#include "pages.hpp"

#include <heed/exec/thread_pool.hpp>

#include <vector>

namespace heed::bench {

double seconds_now() noexcept;

/// Rates of one slice of about 15 ms, the best of four parts: a part in which others took a CPU says nothing. They move
/// within minutes (clock, neighbours, memory), so slices stand between the repetitions of a case.
class arithmetic_peak {
public:
  explicit arithmetic_peak(thread_pool& pool);
  /// Floating-point operations per second of all workers: independent fused multiply-adds in registers, the widest
  /// vectors that the file is compiled for; a multiply-add counts twice.
  double slice();
  [[nodiscard]] static const char* instruction_set() noexcept;

private:
  thread_pool& pool_;
  std::int64_t loops_;
};

/// Reads 128 MiB in one of several ways, the better of two.
class read_bandwidth {
public:
  /// A way to read: streams per thread, and pages.
  struct way {
    int streams;
    page_kind kind;
  };
  static constexpr way ways[] = {{1, page_kind::huge},  {2, page_kind::huge},  {4, page_kind::huge},
                                 {1, page_kind::small}, {2, page_kind::small}, {4, page_kind::small}};
  static constexpr int way_count = 6;

  explicit read_bandwidth(thread_pool& pool);
  /// Bytes per second of each way.
  void slice(double (&rates)[way_count]);
  [[nodiscard]] static const char* name(int way) noexcept;

private:
  double read(const char* data, int streams);
  thread_pool& pool_;
  pages<char> huge_, small_;
};

} // namespace heed::bench
