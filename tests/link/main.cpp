// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// One program of two builds of heed: both give the same, and an error thrown by one is caught as the other's.
#include <heed/error.hpp>

#include <cstdio>

double calls_baseline();
double calls_avx512();
void throws_baseline();
void throws_avx512();

int main() {
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl")) {
    std::puts("linked; not run: this CPU has no AVX-512");
    return calls_baseline() > 0 ? 0 : 1;
  }
  const double baseline = calls_baseline(), avx512 = calls_avx512();
  int caught = 0;
  for (void (*throws)() : {throws_baseline, throws_avx512}) {
    try {
      throws();
    } catch (const heed::error& e) {
      caught += e.code() == heed::errc::bad_value;
    }
  }
  std::printf("baseline %.9g, avx512 %.9g, %d of 2 errors caught\n", baseline, avx512, caught);
  const double apart = baseline > avx512 ? baseline - avx512 : avx512 - baseline;
  return baseline > 0 && apart <= 1e-5 * baseline && caught == 2 ? 0 : 1;
}
