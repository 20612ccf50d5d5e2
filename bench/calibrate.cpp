// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#include "calibrate.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace heed::bench {
namespace {

#if defined(__AVX512F__)
constexpr int width = 64;
#elif defined(__AVX__)
constexpr int width = 32;
#else
constexpr int width = 16;
#endif
using floats = float __attribute__((vector_size(width)));
using words = std::uint64_t __attribute__((vector_size(width)));

/// Twelve chains a = a y + x: more than latency times ports on every core known. Written in assembly, because GCC 12
/// spills an array of accumulators and Clang folds loops that it sees through. Returns the operations done.
double multiply_adds(std::int64_t loops) {
  floats x{}, y{};
  for (std::size_t i = 0; i < width / sizeof(float); ++i) x[i] = 1e-3f, y[i] = 0.999f;
  floats a0 = x, a1 = x, a2 = x, a3 = x, a4 = x, a5 = x, a6 = x, a7 = x, a8 = x, a9 = x, a10 = x, a11 = x;
#if defined(__FMA__)
  for (std::int64_t i = 0; i < loops; ++i)
    asm volatile("vfmadd213ps %[x], %[y], %[a0]\n\tvfmadd213ps %[x], %[y], %[a1]\n\tvfmadd213ps %[x], %[y], %[a2]\n\t"
                 "vfmadd213ps %[x], %[y], %[a3]\n\tvfmadd213ps %[x], %[y], %[a4]\n\tvfmadd213ps %[x], %[y], %[a5]\n\t"
                 "vfmadd213ps %[x], %[y], %[a6]\n\tvfmadd213ps %[x], %[y], %[a7]\n\tvfmadd213ps %[x], %[y], %[a8]\n\t"
                 "vfmadd213ps %[x], %[y], %[a9]\n\tvfmadd213ps %[x], %[y], %[a10]\n\tvfmadd213ps %[x], %[y], %[a11]"
                 : [a0] "+v"(a0), [a1] "+v"(a1), [a2] "+v"(a2), [a3] "+v"(a3), [a4] "+v"(a4), [a5] "+v"(a5),
                   [a6] "+v"(a6), [a7] "+v"(a7), [a8] "+v"(a8), [a9] "+v"(a9), [a10] "+v"(a10), [a11] "+v"(a11)
                 : [x] "v"(x), [y] "v"(y));
#elif defined(__aarch64__)
  for (std::int64_t i = 0; i < loops; ++i)
    asm volatile("fmla %[a0].4s, %[x].4s, %[y].4s\n\tfmla %[a1].4s, %[x].4s, %[y].4s\n\t"
                 "fmla %[a2].4s, %[x].4s, %[y].4s\n\tfmla %[a3].4s, %[x].4s, %[y].4s\n\t"
                 "fmla %[a4].4s, %[x].4s, %[y].4s\n\tfmla %[a5].4s, %[x].4s, %[y].4s\n\t"
                 "fmla %[a6].4s, %[x].4s, %[y].4s\n\tfmla %[a7].4s, %[x].4s, %[y].4s\n\t"
                 "fmla %[a8].4s, %[x].4s, %[y].4s\n\tfmla %[a9].4s, %[x].4s, %[y].4s\n\t"
                 "fmla %[a10].4s, %[x].4s, %[y].4s\n\tfmla %[a11].4s, %[x].4s, %[y].4s"
                 : [a0] "+w"(a0), [a1] "+w"(a1), [a2] "+w"(a2), [a3] "+w"(a3), [a4] "+w"(a4), [a5] "+w"(a5),
                   [a6] "+w"(a6), [a7] "+w"(a7), [a8] "+w"(a8), [a9] "+w"(a9), [a10] "+w"(a10), [a11] "+w"(a11)
                 : [x] "w"(x), [y] "w"(y));
#else
  for (std::int64_t i = 0; i < loops; ++i) {
    const auto step = [&](floats& a) {
      a = a * y + x;
      asm volatile("" : : "m"(a) : "memory");
    };
    step(a0), step(a1), step(a2), step(a3), step(a4), step(a5);
    step(a6), step(a7), step(a8), step(a9), step(a10), step(a11);
  }
#endif
  const floats sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;
  asm volatile("" : : "m"(sum) : "memory");
  return static_cast<double>(loops) * 12 * 2 * (width / sizeof(float));
}

/// Reads all bytes, from `Streams` places at a time, 256 of each in turn.
template <int Streams> void read_all(const char* data, index_t bytes) {
  const index_t part = bytes / Streams;
  words sum{};
  for (index_t at = 0; at + 256 <= part; at += 256)
    for (int s = 0; s < Streams; ++s)
      for (index_t i = 0; i < 256; i += width) {
        words x;
        std::memcpy(&x, data + s * part + at + i, sizeof x);
        sum ^= x;
      }
  asm volatile("" : : "m"(sum) : "memory");
}

/// Runs f(part) for as many parts as workers, together; seconds.
template <class F> double run_together(thread_pool& pool, F f) {
  const double start = seconds_now();
  pool.bulk(
      pool.workers(), [](void* context, index_t i, index_t) { (*static_cast<F*>(context))(i); }, &f);
  return seconds_now() - start;
}

} // namespace

double seconds_now() noexcept {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

arithmetic_peak::arithmetic_peak(thread_pool& pool) : pool_(pool), loops_(100000) {
  multiply_adds(loops_);
  double best = 1;
  for (int i = 0; i < 5; ++i) {
    const double start = seconds_now();
    multiply_adds(loops_);
    best = std::min(best, seconds_now() - start);
  }
  loops_ = static_cast<std::int64_t>(static_cast<double>(loops_) * 0.004 / best);
}

double arithmetic_peak::slice() {
  const std::int64_t loops = loops_;
  std::vector<double> work(static_cast<std::size_t>(pool_.workers()));
  double best = 0;
  for (int part = 0; part < 4; ++part) {
    const double seconds =
        run_together(pool_, [&](index_t i) { work[static_cast<std::size_t>(i)] = multiply_adds(loops); });
    double all = 0;
    for (const double w : work) all += w;
    best = std::max(best, all / seconds);
  }
  return best;
}

const char* arithmetic_peak::instruction_set() noexcept {
#if defined(__AVX512F__)
  return "AVX-512";
#elif defined(__AVX__) && defined(__FMA__)
  return "AVX2 with FMA";
#elif defined(__aarch64__)
  return "NEON";
#else
  return "128-bit multiply and add";
#endif
}

namespace {
constexpr index_t buffer_bytes = index_t{256} << 20, slice_bytes = index_t{128} << 20;
}

read_bandwidth::read_bandwidth(thread_pool& pool)
    : pool_(pool), huge_(buffer_bytes, page_kind::huge), small_(buffer_bytes, page_kind::small) {
  std::memset(huge_.data(), 1, buffer_bytes);
  std::memset(small_.data(), 1, buffer_bytes);
}

double read_bandwidth::read(const char* data, int streams) {
  const index_t part = slice_bytes / pool_.workers() / 4096 * 4096;
  const double seconds = run_together(pool_, [&](index_t i) {
    const char* const from = data + i * part;
    streams == 1 ? read_all<1>(from, part) : streams == 2 ? read_all<2>(from, part) : read_all<4>(from, part);
  });
  return static_cast<double>(part * pool_.workers()) / seconds;
}

void read_bandwidth::slice(double (&rates)[way_count]) {
  for (int w = 0; w < way_count; ++w) {
    rates[w] = 0;
    // The halves take turns, so that no cache holds what is read.
    for (index_t at = 0; at < buffer_bytes; at += slice_bytes)
      rates[w] =
          std::max(rates[w], read((ways[w].kind == page_kind::huge ? huge_ : small_).data() + at, ways[w].streams));
  }
}

const char* read_bandwidth::name(int way) noexcept {
  constexpr const char* names[way_count] = {"1 stream, 2 MiB pages",  "2 streams, 2 MiB pages",
                                            "4 streams, 2 MiB pages", "1 stream, 4 KiB pages",
                                            "2 streams, 4 KiB pages", "4 streams, 4 KiB pages"};
  return names[way];
}

} // namespace heed::bench
