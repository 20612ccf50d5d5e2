// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// Lines of the covering array, part 1. Made by tests/support/make_pairs.py.
#include <differential/instantiate.hpp>
#include <differential/pairs.hpp>

namespace {
HEED_PAIRS_01(HEED_DIFFERENTIAL_CASE)
} // namespace
