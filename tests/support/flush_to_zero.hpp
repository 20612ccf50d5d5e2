// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
#pragma once
// Subnormal numbers read and written as zero (FTZ and DAZ, FPCR.FZ) while an object of this type lives.
// The compiler may move arithmetic across the switch: call the code under test through a function that it cannot
// inline, with operands and results in memory.
#include <cstdint>

namespace heed::test {

class flush_to_zero {
public:
  flush_to_zero() noexcept : before_(read()) { write(before_ | bits); }
  ~flush_to_zero() { write(before_); }
  flush_to_zero(const flush_to_zero&) = delete;
  flush_to_zero& operator=(const flush_to_zero&) = delete;

private:
#if defined(__x86_64__)
  static constexpr std::uint64_t bits = 0x8040;
  static std::uint64_t read() noexcept { return __builtin_ia32_stmxcsr(); }
  static void write(std::uint64_t x) noexcept { __builtin_ia32_ldmxcsr(static_cast<unsigned>(x)); }
#elif defined(__aarch64__)
  static constexpr std::uint64_t bits = std::uint64_t{1} << 24;
  static std::uint64_t read() noexcept {
    std::uint64_t x;
    asm volatile("mrs %0, fpcr" : "=r"(x));
    return x;
  }
  static void write(std::uint64_t x) noexcept { asm volatile("msr fpcr, %0" : : "r"(x) : "memory"); }
#else
  static constexpr std::uint64_t bits = 0;
  static std::uint64_t read() noexcept { return 0; }
  static void write(std::uint64_t) noexcept {}
#endif
  std::uint64_t before_;
};

} // namespace heed::test
