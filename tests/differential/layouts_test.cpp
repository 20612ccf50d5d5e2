// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Compiles the layouts of a cache for each number type; wrappers_test.cpp tests them.
#define HEED_COMPILES_LAYOUTS
#include <differential/compiled_once.hpp>

namespace heed::test {
HEED_EACH_LAYOUT(HEED_COMPILE, float)
HEED_EACH_LAYOUT(HEED_COMPILE, double)
HEED_EACH_LAYOUT(HEED_COMPILE, bf16)
HEED_EACH_LAYOUT(HEED_COMPILE, f16)
} // namespace heed::test
