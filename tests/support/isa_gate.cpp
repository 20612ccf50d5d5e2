// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// The main function of a test that is built for one instruction set. This file alone is built for the baseline: before
// any other code of the program runs, static initialisers included, it leaves where the CPU lacks what they need.
#include <gtest/gtest.h>

#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace {

constexpr int skipped = 77; // SKIP_RETURN_CODE of the ctest entry

const char* missing_feature() {
#if defined(__x86_64__)
  __builtin_cpu_init();
#define HEED_NEEDS(level, name)                                                                                        \
  if (HEED_GATE_LEVEL >= level && !__builtin_cpu_supports(name)) return name
  HEED_NEEDS(1, "avx2");
  HEED_NEEDS(1, "fma");
  unsigned a = 0, b = 0, c = 0, d = 0; // Clang 14 has no name for f16c
  if (HEED_GATE_LEVEL >= 1 && (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_F16C) == 0)) return "f16c";
  HEED_NEEDS(2, "avx512f");
  HEED_NEEDS(2, "avx512bw");
  HEED_NEEDS(2, "avx512dq");
  HEED_NEEDS(2, "avx512vl");
  HEED_NEEDS(3, "avx512bf16");
  HEED_NEEDS(3, "avx512vnni");
#undef HEED_NEEDS
#endif
  return nullptr;
}

void say(const char* text) {
  std::size_t n = 0;
  while (text[n] != '\0') ++n;
  if (write(STDOUT_FILENO, text, n) < 0) _exit(1);
}

// 101 is the earliest priority that programs may use; plain initialisers come later.
__attribute__((constructor(101))) void leave_if_the_cpu_lacks_it() {
  const char* feature = missing_feature();
  if (feature == nullptr) return;
  say("skipped: this CPU has no ");
  say(feature);
  say("\n");
  _exit(skipped);
}

} // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
